/** @jest-environment node */
import { GoldenPathClient } from './api';

const discovery = { getBaseUrl: async (plugin: string) => `http://portal/api/${plugin}` };
const never = new AbortController().signal;

function client(answer: Response, asked: string[] = []) {
  const fetch = async (url: unknown) => {
    asked.push(String(url));
    return answer;
  };
  return new GoldenPathClient({ discovery, fetch: { fetch: fetch as typeof globalThis.fetch } });
}

const answering = (status: number, body: string) => client(new Response(body, { status }));

test('it asks for one name through the proxy', async () => {
  const asked: string[] = [];
  const read = client(new Response('{"asOf":"2026-03-01T12:00:00Z","items":[]}'), asked);
  expect((await read.services('a&b', 'shop', never)).items).toEqual([]);
  expect(asked).toEqual(['http://portal/api/proxy/goldenpath/api/v1/services?name=a%26b&namespace=shop']);
});

test.each([
  [400, '{"kind":"Status","message":"limit must be a whole number"}', /^400: limit must be/],
  [503, 'waiting for Deployments\n', /^503: waiting for Deployments$/],
  [502, '<html>Bad gateway</html>', /^502: /],
])('a refusal of %i names its cause', async (status, body, expected) => {
  await expect(answering(status, body).services('web', undefined, never)).rejects.toThrow(expected);
});

/** A running operator, given by the suite that started it. */
const OPERATOR = process.env['GOLDENPATH_URL'];
const withOperator = OPERATOR === undefined ? test.skip : test;

withOperator('it reads the services of a running operator', async () => {
  const direct = async (url: unknown, init?: RequestInit) => {
    const { pathname, search } = new URL(String(url));
    return globalThis.fetch(`${OPERATOR}${pathname.replace('/api/proxy/goldenpath', '')}${search}`, init);
  };
  const read = new GoldenPathClient({ discovery, fetch: { fetch: direct as typeof globalThis.fetch } });
  const taxes = await read.services('tax-engine', undefined, never);
  expect(taxes.items.map(service => service.namespace)).toEqual(['checkout']);
  expect(taxes.items[0]).toMatchObject({ status: 'deviating', sentence: expect.stringMatching(/^exception approved until /) });
  expect(taxes.items[0]?.exceptions?.[0]).toMatchObject({ sentence: expect.stringMatching(/^approved until /) });
  expect((await read.services('absent', 'checkout', never)).items).toEqual([]);
});
