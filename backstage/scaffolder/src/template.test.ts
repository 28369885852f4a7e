// The template of `examples/backstage`, validated and executed by Backstage's own scaffolder. Nothing is created
// at GitHub or in a catalog: those two actions check their inputs and then answer for themselves. What the
// template wrote is left in OUTPUT, for `goldenpath scan`.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { stringifyEntityRef } from '@backstage/catalog-model';
import { ConfigReader } from '@backstage/config';
import { DefaultGithubCredentialsProvider, ScmIntegrations } from '@backstage/integration';
import { createCatalogRegisterAction, createFetchTemplateAction } from '@backstage/plugin-scaffolder-backend';
import { createPublishGithubAction } from '@backstage/plugin-scaffolder-backend-module-github';
import { type TemplateEntityV1beta3, templateEntityV1beta3Validator } from '@backstage/plugin-scaffolder-common';
import { serializeDirectoryContents, type TemplateAction } from '@backstage/plugin-scaffolder-node';
import { validate } from 'jsonschema';
import { parseAllDocuments, parse } from 'yaml';

import scaffolderModule, { instant, now } from '.';

const TEMPLATE = resolve(process.env['TEMPLATE'] ?? '../../examples/backstage', 'template.yaml');
const OUTPUT = process.env['OUTPUT'] ?? mkdtempSync(join(tmpdir(), 'goldenpath-template-'));
const template = parse(readFileSync(TEMPLATE, 'utf8')) as TemplateEntityV1beta3;

const ANSWERS = {
  name: 'parcel-labels',
  description: 'Prints labels: "A4", <small> & large',
  owner: 'group:default/logistics',
  repoUrl: 'github.com?owner=example&repo=parcel-labels',
};

const config = new ConfigReader({ integrations: { github: [{ host: 'github.com', token: 'none' }] } });
const integrations = ScmIntegrations.fromConfig(config);
const silent: any = { info() {}, warn() {}, error() {}, debug() {}, child: () => silent };

/** An action whose inputs are checked as those of the real one, and which only answers. */
const answering = (action: TemplateAction<any, any, any>, outputs: Record<string, string>) => ({
  ...action,
  supportsDryRun: true,
  handler: async (ctx: { output(name: string, value: string): void }) => {
    for (const [name, value] of Object.entries(outputs)) ctx.output(name, value);
  },
});

const actions = [
  createFetchTemplateAction({
    integrations,
    reader: {} as any,
    additionalTemplateGlobals: { now: instant },
  } as any),
  answering(
    createPublishGithubAction({
      integrations,
      config,
      githubCredentialsProvider: DefaultGithubCredentialsProvider.fromIntegrations(integrations),
    } as any),
    {
      remoteUrl: 'https://github.com/example/parcel-labels.git',
      repoContentsUrl: 'https://github.com/example/parcel-labels/blob/main',
    },
  ),
  answering(createCatalogRegisterAction({ integrations, catalog: {} } as any), {
    entityRef: 'component:default/parcel-labels',
  }),
];

/** Runs the whole template as `POST /v2/dry-run` does. That runner is not exported, so it is found by its file. */
async function run(parameters: Record<string, string>) {
  const backend = dirname(require.resolve('@backstage/plugin-scaffolder-backend/package.json'));
  const { createDryRunner } = require(join(backend, 'dist/scaffolder/dryrun/createDryRunner.cjs.js'));
  const workingDirectory = mkdtempSync(join(tmpdir(), 'goldenpath-scaffolder-'));
  const byId = new Map(actions.map(action => [action.id, action]));
  const counter = { add() {}, record() {} };
  const dryRun = createDryRunner({
    actionRegistry: {
      get: async (id: string) => byId.get(id) ?? Promise.reject(new Error(`no action ${id}`)),
      list: async () => byId,
    },
    integrations,
    logger: silent,
    workingDirectory,
    config,
    metrics: { createCounter: () => counter, createHistogram: () => counter },
    additionalTemplateGlobals: { now: instant },
  });
  return dryRun({
    spec: {
      apiVersion: template.apiVersion,
      parameters,
      steps: template.spec.steps.map((step, index) => ({ id: `step-${index}`, name: step.action, ...step })),
      output: template.spec.output ?? {},
      user: { entity: undefined, ref: 'user:default/mira' },
    },
    templateInfo: {
      entityRef: stringifyEntityRef(template),
      baseUrl: pathToFileURL(join(workingDirectory, 'template', 'template.yaml')).href,
    },
    directoryContents: await serializeDirectoryContents(dirname(TEMPLATE)),
    credentials: {},
  });
}

interface Written {
  path: string;
  content: Buffer;
  executable?: boolean;
}

test('the template is one by the published schema', async () => {
  expect(await templateEntityV1beta3Validator.check(template)).toBe(true);
  const broken = { ...template, spec: { ...template.spec, steps: 'none' } };
  await expect(templateEntityV1beta3Validator.check(broken as any)).rejects.toThrow(/steps/);
});

test('the form takes the answers, and no name that Kubernetes refuses', () => {
  const forms = [template.spec.parameters ?? []].flat() as object[];
  const errors = (answers: object) => forms.flatMap(form => validate(answers, form as any).errors.map(String));
  expect(errors(ANSWERS)).toEqual([]);
  expect(errors({ ...ANSWERS, name: 'Parcel_Labels' })).toHaveLength(1);
  expect(errors({ ...ANSWERS, namespace: '-x' })).toHaveLength(1);
});

test('a run writes the repository, stamped, and links to it', async () => {
  const before = instant();
  const { directoryContents, output } = await run(ANSWERS);
  const files = new Map((directoryContents as Written[]).map(file => [file.path, file.content.toString()]));
  for (const [path, content] of files) {
    mkdirSync(dirname(join(OUTPUT, path)), { recursive: true });
    writeFileSync(join(OUTPUT, path), content);
  }
  expect([...files.keys()].sort()).toEqual([
    '.github/workflows/deliver.yaml',
    'Dockerfile',
    'README.md',
    'catalog-info.yaml',
    'deploy/deployment.yaml',
    'deploy/namespace.yaml',
    'deploy/service.yaml',
    'go.mod',
    'main.go',
  ]);
  expect([...files.values()].filter(content => content.includes('${{'))).toEqual([]);
  const deployment = parse(files.get('deploy/deployment.yaml')!);
  expect(deployment.metadata.labels).toMatchObject({
    'backstage.io/kubernetes-id': 'parcel-labels',
    'goldenpath.dev/path': 'web-service',
  });
  const annotations = deployment.metadata.annotations;
  expect(annotations['backstage.io/owner']).toBe('logistics');
  for (const stamp of ['goldenpath.dev/scaffolded-at', 'goldenpath.dev/started-at']) {
    expect(annotations[stamp]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(annotations[stamp] >= before).toBe(true);
  }
  const [component] = parseAllDocuments(files.get('catalog-info.yaml')!).map(document => document.toJS());
  expect(component.metadata.description).toBe(ANSWERS.description);
  expect(component.metadata.annotations['backstage.io/kubernetes-id']).toBe('parcel-labels');
  const steps = parse(files.get('.github/workflows/deliver.yaml')!).jobs.deliver.steps as { run?: string }[];
  const commands = steps.map(step => step.run ?? '');
  expect(commands.findIndex(it => it.includes('goldenpath stamp deploy/'))).toBeLessThan(
    commands.findIndex(it => it.includes('kubectl apply')),
  );
  expect(output.links).toContainEqual({
    title: 'Repository',
    url: 'https://github.com/example/parcel-labels.git',
  });
});

test('what the asker knows better than the clock is kept', async () => {
  const started = '2026-01-05T09:00:00Z';
  const { directoryContents } = await run({ ...ANSWERS, namespace: 'shipping', startedAt: started });
  const file = (directoryContents as Written[]).find(({ path }) => path === 'deploy/deployment.yaml');
  const { metadata } = parse(file!.content.toString());
  expect(metadata.namespace).toBe('shipping');
  expect(metadata.annotations['goldenpath.dev/started-at']).toBe(started);
  expect(metadata.annotations['goldenpath.dev/scaffolded-at'] > started).toBe(true);
});

test('the module adds now() to templates', async () => {
  const added: unknown[] = [];
  const { getRegistrations } = scaffolderModule as unknown as {
    getRegistrations(): { init: { func(deps: object): Promise<void> } }[];
  };
  const [registration] = getRegistrations.call(scaffolderModule);
  await registration!.init.func({ templating: { addTemplateGlobals: (given: unknown) => added.push(given) } });
  expect(added).toEqual([[now]]);
});
