// The plugin: one card on the page of every component that names its service, and the client it reads with.
import {
  ApiBlueprint,
  createFrontendPlugin,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/frontend-plugin-api';
import { EntityCardBlueprint } from '@backstage/plugin-catalog-react/alpha';

import { GoldenPathClient, goldenPathApiRef } from './api';
import { hasService } from './Card';

export const goldenPathCard = EntityCardBlueprint.make({
  params: {
    type: 'info',
    filter: hasService,
    loader: () => import('./Card').then(card => <card.GoldenPathCard />),
  },
});

export const goldenPathApi = ApiBlueprint.make({
  params: defineParams =>
    defineParams({
      api: goldenPathApiRef,
      deps: { discovery: discoveryApiRef, fetch: fetchApiRef },
      factory: apis => new GoldenPathClient(apis),
    }),
});

export { goldenPathApiRef, GoldenPathClient } from './api';
export type { GoldenPathApi } from './api';

export default createFrontendPlugin({
  pluginId: 'goldenpath',
  title: 'Golden path',
  extensions: [goldenPathApi, goldenPathCard],
});
