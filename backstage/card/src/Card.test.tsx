import type { Entity } from '@backstage/catalog-model';
import { coreExtensionData } from '@backstage/frontend-plugin-api';
import { createExtensionTester, mockApis, renderInTestApp, renderTestApp } from '@backstage/frontend-test-utils';
import { EntityProvider } from '@backstage/plugin-catalog-react';
import { createTestEntityPage } from '@backstage/plugin-catalog-react/testUtils';
import { fireEvent, screen, waitFor } from '@testing-library/react';

import plugin, { goldenPathApi, goldenPathApiRef, goldenPathCard } from '.';
import type { GoldenPathApi, Service, ServiceList } from './api';

const component = (annotations: Record<string, string>): Entity => ({
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Component',
  metadata: { name: 'checkout', annotations },
  spec: { type: 'service' },
});
const CHECKOUT = component({ 'backstage.io/kubernetes-id': 'checkout' });

const service = (fields: Partial<Service>): Service => ({
  namespace: 'shop',
  name: 'checkout',
  path: 'web-service',
  pathTitle: 'Web service',
  status: 'deviating',
  steps: { passed: 7, of: 8 },
  missing: ['memory-limit'],
  sentence: 'exception approved until 12 Mar',
  next: 'nothing to do until 12 Mar',
  exceptions: [
    { name: 'checkout-memory', sentence: 'approved until 12 Mar', until: '2026-03-12T00:00:00Z' },
  ],
  ...fields,
});
const list = (...items: Service[]): ServiceList => ({ asOf: '2026-03-01T12:00:00Z', items });

/** The card on the page of a component, with these answers of the operator. */
function show(answer: GoldenPathApi['services'], entity = CHECKOUT, goldenpath = {}) {
  const element = createExtensionTester(goldenPathCard).get(coreExtensionData.reactElement);
  return renderInTestApp(<EntityProvider entity={entity}>{element}</EntityProvider>, {
    apis: [[goldenPathApiRef, { services: answer }]],
    config: { goldenpath },
  });
}

test('a service is shown with its state, steps, next step and exception', async () => {
  show(async () => list(service({})), CHECKOUT, { pageUrl: 'https://golden.example.com/at' });
  expect(await screen.findByText('exception approved until 12 Mar')).toBeTruthy();
  const text = document.body.textContent;
  expect(text).toContain('7 of 8');
  expect(text).toContain('Web service');
  expect(text).toContain('Nextnothing to do until 12 Mar');
  expect(text).toContain('checkout-memory: approved until 12 Mar (expiry 2026-03-12)');
  expect(screen.getByRole('link').getAttribute('href')).toBe(
    'https://golden.example.com/at/services/shop/checkout',
  );
});

test('a service in several namespaces has a part for each', async () => {
  show(async () => list(service({ namespace: 'prod' }), service({ namespace: 'stage', restricted: 2 })));
  expect(await screen.findByRole('heading', { name: 'prod' })).toBeTruthy();
  expect(screen.getByRole('region', { name: 'stage/checkout' }).textContent).toContain(
    'memory-limit, 2 restricted',
  );
});

test('the namespace of the component selects one service', async () => {
  const asked: unknown[] = [];
  const entity = component({
    'backstage.io/kubernetes-id': 'checkout',
    'backstage.io/kubernetes-namespace': 'prod',
  });
  show(async (name, namespace) => {
    asked.push([name, namespace]);
    return list();
  }, entity);
  expect(await screen.findByText(/No workload with the label/)).toBeTruthy();
  expect(asked).toContainEqual(['checkout', 'prod']);
  expect(document.body.textContent).toContain('in namespace prod yet');
});

test('an error is shown with its cause, and a second attempt reads again', async () => {
  const answers = [() => Promise.reject(new Error('503: waiting for Deployments')), async () => list(service({}))];
  show(() => (answers.length > 1 ? answers.shift()! : answers[0]!)());
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('goldenpath did not answer: 503: waiting for Deployments');
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  expect(await screen.findByText('exception approved until 12 Mar')).toBeTruthy();
});

test('texts of the cluster stay text, and hidden characters are visible', async () => {
  const hostile = '<img src=x onerror=alert(1)>\u202e';
  show(
    async () => list(service({ sentence: hostile, next: hostile, pathTitle: hostile, missing: [hostile] })),
    CHECKOUT,
    { pageUrl: 'javascript:alert(1)' },
  );
  expect(await screen.findByText('<img src=x onerror=alert(1)>\\u{202e}', { selector: 'strong' })).toBeTruthy();
  expect(document.querySelector('img[src=x]')).toBeNull();
  expect(document.querySelector('a[href^=javascript]')).toBeNull();
  expect(document.body.textContent).not.toContain('\u202e');
});

test.each([
  [CHECKOUT, true],
  [component({}), false],
])('the card is on the page of a component that names its service', async (entity, isShown) => {
  const fetch = async () => ({ ok: true, json: async () => list(service({})) });
  renderTestApp({
    extensions: [createTestEntityPage({ entity }), goldenPathCard, goldenPathApi],
    apis: [mockApis.discovery(), mockApis.fetch({ baseImplementation: fetch as unknown as typeof globalThis.fetch })],
  });
  if (isShown) expect(await screen.findByText('exception approved until 12 Mar')).toBeTruthy();
  else await waitFor(() => expect(screen.queryByText('Golden path')).toBeNull());
});

test('an app configures the card by its id', () => {
  expect(plugin.getExtension('entity-card:goldenpath')).toBeTruthy();
});
