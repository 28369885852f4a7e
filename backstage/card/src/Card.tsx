// The card: state, steps, next step and exceptions of the services of one component. The operator words
// them; the card adds labels and dates only.
import type { Entity } from '@backstage/catalog-model';
import { configApiRef, useApi } from '@backstage/frontend-plugin-api';
import { EntityInfoCard, useEntity } from '@backstage/plugin-catalog-react';
import { useCallback, useEffect, useState } from 'react';

import { goldenPathApiRef, type Service, type ServiceException, type ServiceList, type Status } from './api';
import { plain } from './plain';

const ID = 'backstage.io/kubernetes-id';
const NAMESPACE = 'backstage.io/kubernetes-namespace';

/** Whether a component names its service in the cluster. */
export function hasService(entity: Entity): boolean {
  return Boolean(entity.metadata.annotations?.[ID]);
}

export function GoldenPathCard() {
  const { entity } = useEntity();
  const name = entity.metadata.annotations?.[ID] ?? entity.metadata.name;
  const namespace = entity.metadata.annotations?.[NAMESPACE];
  const { state, retry } = useServices(name, namespace);
  return (
    <EntityInfoCard title="Golden path">
      {state.kind === 'reading' && <p role="status">Reading the state of {plain(name)} …</p>}
      {state.kind === 'failed' && (
        <div role="alert">
          <p>goldenpath did not answer: {plain(state.message)}</p>
          <button type="button" onClick={retry}>
            Try again
          </button>
        </div>
      )}
      {state.kind === 'read' && <Services list={state.list} name={name} namespace={namespace} />}
    </EntityInfoCard>
  );
}

type State =
  | { kind: 'reading' }
  | { kind: 'failed'; message: string }
  | { kind: 'read'; list: ServiceList };

function useServices(name: string, namespace: string | undefined) {
  const api = useApi(goldenPathApiRef);
  const [state, setState] = useState<State>({ kind: 'reading' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const settle = (settled: State) => {
      if (!stop.signal.aborted) setState(settled);
    };
    setState({ kind: 'reading' });
    api.services(name, namespace, stop.signal).then(
      list => settle({ kind: 'read', list }),
      (error: unknown) =>
        settle({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
    return () => stop.abort();
  }, [api, name, namespace, attempt]);
  return { state, retry: useCallback(() => setAttempt(count => count + 1), []) };
}

interface ServicesProps {
  list: ServiceList;
  name: string;
  namespace: string | undefined;
}

function Services({ list, name, namespace }: ServicesProps) {
  if (list.items.length === 0) {
    return (
      <p>
        No workload with the label {ID}: {plain(name)}
        {namespace !== undefined && ` in namespace ${plain(namespace)}`} yet. It appears here after its first
        deployment.
      </p>
    );
  }
  const several = list.items.length > 1;
  return (
    <>
      {list.items.map(service => (
        <section key={service.namespace} aria-label={plain(`${service.namespace}/${service.name}`)}>
          {several && <h4>{plain(service.namespace)}</h4>}
          <OneService service={service} />
        </section>
      ))}
      <p>
        <small>
          As of <Day instant={list.asOf} />
        </small>
      </p>
    </>
  );
}

/** A sign beside the words: colour alone would not reach everyone. */
const SIGNS: Record<Status, string> = {
  'golden-path': '✓',
  deviating: '→',
  unknown: '?',
  unscoped: '·',
  ignored: '·',
};

function OneService({ service }: { service: Service }) {
  const { steps, restricted = 0, exceptions = [] } = service;
  const page = usePage(service);
  return (
    <>
      <p>
        <span aria-hidden="true">{SIGNS[service.status] ?? '·'} </span>
        <strong>{plain(service.sentence)}</strong>
      </p>
      <dl>
        {service.path !== undefined && (
          <Fact name="Path">{plain(service.pathTitle ?? service.path)}</Fact>
        )}
        {steps.of > 0 && (
          <Fact name="Steps">
            {steps.passed} of {steps.of}
          </Fact>
        )}
        {service.next !== undefined && <Fact name="Next">{plain(service.next)}</Fact>}
        {service.missing.length + restricted > 0 && (
          <Fact name="Missing">
            {[...service.missing.map(plain), ...(restricted > 0 ? [`${restricted} restricted`] : [])].join(', ')}
          </Fact>
        )}
        {exceptions.map(exception => (
          <Fact key={exception.name} name="Exception">
            <ExceptionLine exception={exception} />
          </Fact>
        ))}
      </dl>
      {page !== undefined && <a href={page}>Steps, fixes and the off-ramp</a>}
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function ExceptionLine({ exception }: { exception: ServiceException }) {
  return (
    <>
      {plain(exception.name)}: {plain(exception.sentence)}
      {exception.until !== undefined && (
        <>
          {' '}
          (expiry <Day instant={exception.until} />)
        </>
      )}
      {exception.nextReviewAt !== undefined && (
        <>
          {' '}
          (review <Day instant={exception.nextReviewAt} />)
        </>
      )}
    </>
  );
}

/** A day in UTC, as the operator counts days. */
function Day({ instant }: { instant: string }) {
  return (
    <time dateTime={instant} title={instant}>
      {instant.slice(0, 10)}
    </time>
  );
}

/** Address of the page of a service; undefined unless an address of the web is configured. */
function usePage({ namespace, name }: Service): string | undefined {
  const base = useApi(configApiRef).getOptionalString('goldenpath.pageUrl');
  if (base === undefined || !URL.canParse(base)) return undefined;
  const root = new URL(base.endsWith('/') ? base : `${base}/`);
  if (!['http:', 'https:'].includes(root.protocol)) return undefined;
  return new URL(`services/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`, root).href;
}
