// The module of the scaffolder: it adds `now()` to what templates may call, so that they can stamp when a
// service was scaffolded.
import { createBackendModule } from '@backstage/backend-plugin-api';
import {
  createTemplateGlobalFunction,
  scaffolderTemplatingExtensionPoint,
} from '@backstage/plugin-scaffolder-node/alpha';

/** The current instant in RFC 3339, in whole seconds. */
export const instant = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

export const now = createTemplateGlobalFunction({
  id: 'now',
  description: 'The current instant in RFC 3339, such as 2026-03-01T12:00:00Z',
  fn: instant,
});

export default createBackendModule({
  pluginId: 'scaffolder',
  moduleId: 'goldenpath',
  register(env) {
    env.registerInit({
      deps: { templating: scaffolderTemplatingExtensionPoint },
      async init({ templating }) {
        templating.addTemplateGlobals([now]);
      },
    });
  },
});
