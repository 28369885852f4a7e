// The types that the card reads, held to the OpenAPI document of a running operator: `npm run contract` writes
// `openapi.d.ts` from it. Fields may be added there; one that the card reads may not go.
import type { Failure, ServiceList } from '../src/api';
import type { paths } from './openapi';

type Services = paths['/api/v1/services']['get'];

export const answer = (
  list: Services['responses']['200']['content']['application/json'],
): ServiceList => list;
export const refusal = (
  failure: Services['responses']['400']['content']['application/json'],
): Failure => failure;
export const query = (
  parameters: Record<'name' | 'namespace', string>,
): NonNullable<Services['parameters']['query']> => parameters;
