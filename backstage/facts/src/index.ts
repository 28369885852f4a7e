// The module of Tech Insights: it adds the retriever, which runs where app-config names it.
import { createBackendModule } from '@backstage/backend-plugin-api';
import { techInsightsFactRetrieversExtensionPoint } from '@backstage-community/plugin-tech-insights-node';

import { goldenPathFactRetriever } from './retriever';

export { goldenPathFactRetriever } from './retriever';

export default createBackendModule({
  pluginId: 'tech-insights',
  moduleId: 'goldenpath',
  register(env) {
    env.registerInit({
      deps: { retrievers: techInsightsFactRetrieversExtensionPoint },
      async init({ retrievers }) {
        retrievers.addFactRetrievers({ [goldenPathFactRetriever.id]: goldenPathFactRetriever });
      },
    });
  },
});
