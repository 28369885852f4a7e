import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ConfigReader } from '@backstage/config';
import type { Entity } from '@backstage/catalog-model';
import type { FactRetrieverContext } from '@backstage-community/plugin-tech-insights-node';

import module, { goldenPathFactRetriever } from '.';
import type { Service } from './operator';

const component = (name: string, annotations: Record<string, string>): Entity => ({
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name, annotations },
});
const service = (fields: Partial<Service>): Service => ({
  namespace: 'shop',
  name: 'checkout',
  status: 'golden-path',
  path: 'web-service',
  steps: { passed: 8, of: 8 },
  ...fields,
});

/** Backstage as far as the retriever sees it: catalog and proxy on loopback, and what they were asked. */
class Portal {
  readonly asked: string[] = [];
  private readonly server: Server;

  constructor(
    components: Entity[],
    operator: (address: string) => Promise<{ status: number; body: string }>,
  ) {
    this.server = createServer(async (request, response) => {
      const address = request.url ?? '';
      this.asked.push(`${request.headers.authorization} ${address}`);
      const answer = address.startsWith('/api/proxy/goldenpath/')
        ? await operator(address.replace('/api/proxy/goldenpath', ''))
        : { status: 200, body: JSON.stringify({ items: components, totalItems: components.length, pageInfo: {} }) };
      await drained(request);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  }

  async facts() {
    await new Promise<void>(done => this.server.listen(0, '127.0.0.1', done));
    const { port } = this.server.address() as AddressInfo;
    const base = async (plugin: string) => `http://127.0.0.1:${port}/api/${plugin}`;
    try {
      return await goldenPathFactRetriever.handler({
        config: new ConfigReader({}),
        discovery: { getBaseUrl: base, getExternalBaseUrl: base },
        auth: {
          getOwnServiceCredentials: async () => ({}),
          getPluginRequestToken: async ({ targetPluginId }: { targetPluginId: string }) => ({
            token: `for-${targetPluginId}`,
          }),
        },
      } as unknown as FactRetrieverContext);
    } finally {
      this.server.closeAllConnections();
      await new Promise(done => this.server.close(done));
    }
  }
}

async function drained(request: IncomingMessage) {
  for await (const _ of request);
}

const lists = (...items: Service[]) => async () => ({
  status: 200,
  body: JSON.stringify({ total: items.length, page: 1, limit: 500, items }),
});
const CHECKOUT = component('checkout', { 'backstage.io/kubernetes-id': 'checkout' });

test('a component has the facts of its service', async () => {
  const deviating = service({
    status: 'deviating',
    deviation: 'documented',
    steps: { passed: 6, of: 8 },
    until: '2026-03-12T00:00:00Z',
    next: 'nothing to do until 12 Mar',
  });
  const portal = new Portal([CHECKOUT], lists(deviating, service({ name: 'other' })));
  expect(await portal.facts()).toEqual([
    {
      entity: { kind: 'Component', namespace: 'default', name: 'checkout' },
      facts: {
        services: 1,
        status: 'deviating',
        deviation: 'documented',
        path: 'web-service',
        until: '2026-03-12T00:00:00Z',
        next: 'nothing to do until 12 Mar',
        stepsPassed: 6,
        steps: 8,
        stepsToGo: 2,
        onPath: false,
        accounted: true,
      },
    },
  ]);
  expect(portal.asked.find(line => line.includes('/catalog/'))).toMatch(/^Bearer for-catalog /);
  expect(portal.asked.find(line => line.includes('/proxy/'))).toMatch(/^Bearer for-proxy /);
});

test('every fact is in the schema with its type', async () => {
  const portal = new Portal(
    [CHECKOUT],
    lists(service({ status: 'deviating', deviation: 'expired', until: '2026-01-01T00:00:00Z', next: 'renew' })),
  );
  const types = { integer: 'number', boolean: 'boolean', string: 'string', datetime: 'string' } as const;
  const [first] = await portal.facts();
  expect(Object.keys(first!.facts).sort()).toEqual(Object.keys(goldenPathFactRetriever.schema).sort());
  for (const [name, value] of Object.entries(first!.facts)) {
    const { type } = goldenPathFactRetriever.schema[name]!;
    expect([name, typeof value]).toEqual([name, types[type as keyof typeof types]]);
  }
});

test('of several namespaces the one with most to go counts, unless the component names one', async () => {
  const both = [service({ namespace: 'prod' }), service({ namespace: 'stage', steps: { passed: 5, of: 8 }, status: 'deviating', deviation: 'undocumented' })];
  const prod = component('prod', { ...CHECKOUT.metadata.annotations, 'backstage.io/kubernetes-namespace': 'prod' });
  const [any, one] = await new Portal([CHECKOUT, prod], lists(...both)).facts();
  expect(any!.facts).toMatchObject({ services: 2, stepsToGo: 3, onPath: false, accounted: false });
  expect(one!.facts).toMatchObject({ services: 1, stepsToGo: 0, onPath: true, accounted: true });
});

test('what is not known is absent', async () => {
  const unknown = service({ status: 'unknown' });
  const [first] = await new Portal([CHECKOUT], lists(unknown, service({ namespace: 'stage' }))).facts();
  expect(first!.facts).not.toHaveProperty('onPath');
  expect(first!.facts).not.toHaveProperty('accounted');
  expect(await new Portal([CHECKOUT], lists()).facts()).toEqual([]);
});

test('every page is read', async () => {
  const all = Array.from({ length: 1001 }, (_, n) => service({ name: `s${n}` }));
  const paged = async (address: string) => {
    const page = Number(new URL(address, 'http://operator').searchParams.get('page'));
    const items = all.slice((page - 1) * 500, page * 500);
    return { status: 200, body: JSON.stringify({ total: all.length, page, limit: 500, items }) };
  };
  const last = component('last', { 'backstage.io/kubernetes-id': 's1000' });
  expect(await new Portal([last], paged).facts()).toHaveLength(1);
});

test('a refusal is an error with its cause, not an absence', async () => {
  const portal = new Portal([CHECKOUT], async () => ({ status: 503, body: 'waiting for Deployments' }));
  await expect(portal.facts()).rejects.toThrow('goldenpath answered 503: waiting for Deployments');
});

test('the module adds the retriever to Tech Insights', async () => {
  const added: unknown[] = [];
  const { getRegistrations } = module as unknown as {
    getRegistrations(): { init: { func(deps: object): Promise<void> } }[];
  };
  const [registration] = getRegistrations.call(module);
  await registration!.init.func({ retrievers: { addFactRetrievers: (given: object) => added.push(given) } });
  expect(added).toEqual([{ goldenpath: goldenPathFactRetriever }]);
});

/** A running operator, given by the suite that started it. */
const OPERATOR = process.env['GOLDENPATH_URL'];
const withOperator = OPERATOR === undefined ? test.skip : test;

withOperator('facts come from a running operator', async () => {
  const forward = async (address: string) => {
    const answer = await fetch(`${OPERATOR}${address}`);
    return { status: answer.status, body: await answer.text() };
  };
  const tax = component('tax', { 'backstage.io/kubernetes-id': 'tax-engine' });
  const cart = component('cart', { 'backstage.io/kubernetes-id': 'cart' });
  const [documented, golden] = await new Portal([tax, cart], forward).facts();
  expect(documented!.facts).toMatchObject({ status: 'deviating', deviation: 'documented', onPath: false, accounted: true });
  expect(golden!.facts).toMatchObject({ status: 'golden-path', path: 'web-service', onPath: true, stepsToGo: 0 });
});
