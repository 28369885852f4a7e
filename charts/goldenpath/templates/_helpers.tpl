{{- define "goldenpath.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "goldenpath.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "goldenpath.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "goldenpath.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "goldenpath.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "goldenpath.selectorLabels" -}}
{{- /* Not the overridden name: the operator recognises its own objects by this label. */ -}}
app.kubernetes.io/name: goldenpath
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "goldenpath.labels" -}}
{{ include "goldenpath.selectorLabels" . }}
{{ include "goldenpath.releaseLabels" . }}
{{- end }}

{{- define "goldenpath.releaseLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: goldenpath
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Not the operator's labels: no Service or Deployment may select a test pod. */}}
{{- define "goldenpath.testSelectorLabels" -}}
app.kubernetes.io/name: goldenpath-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "goldenpath.testLabels" -}}
{{ include "goldenpath.testSelectorLabels" . }}
{{ include "goldenpath.releaseLabels" . }}
{{- end }}

{{- define "goldenpath.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "goldenpath.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* The operator's user name on the API server. */}}
{{- define "goldenpath.operatorUser" -}}
system:serviceaccount:{{ include "goldenpath.namespace" . }}:{{ include "goldenpath.serviceAccountName" . }}
{{- end }}

{{- /* Name of the approval policy and its binding; the operator watches them by this name. */}}
{{- define "goldenpath.approvalPolicyName" -}}
{{ include "goldenpath.fullname" . }}-approval
{{- end }}

{{- define "goldenpath.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* Turns PLURAL.GROUP/VERSION, as in judging.extraKinds, into an RBAC rule with the given verbs. */}}
{{- define "goldenpath.extraKindRule" -}}
{{- $name := .kind | splitList "/" | first }}
{{- $parts := splitn "." 2 $name }}
- apiGroups: [{{ $parts._1 | quote }}]
  resources: [{{ $parts._0 | quote }}]
  verbs: {{ .verbs | toJson }}
{{- end }}

{{- /* Whether to render kinds of the Prometheus operator. Takes (list $ MODE); returns "true" or nothing. */}}
{{- define "goldenpath.renderMonitoring" -}}
{{- $root := index . 0 }}
{{- $mode := index . 1 }}
{{- if or (eq $mode "alwaysRender") ($root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") }}
{{- "true" }}
{{- else if eq $mode "failIfMissing" }}
{{- fail "the cluster does not serve monitoring.coreos.com/v1: install the Prometheus operator, or set renderMode to skipIfMissing" }}
{{- end }}
{{- end }}

{{- /* Incidents, sent events and canaries are those of recorded rollouts. */}}
{{- define "goldenpath.requireDelivery" -}}
{{- $events := .Values.events }}
{{- if and (or $events.enabled $events.sink.url) (not .Values.delivery.enabled) }}
{{- fail "events.enabled and events.sink.url need delivery.enabled: see docs/delivery.md" }}
{{- end }}
{{- if and .Values.delivery.flagger (not .Values.delivery.enabled) }}
{{- fail "delivery.flagger needs delivery.enabled: see docs/delivery.md" }}
{{- end }}
{{- if and $events.enabled (not $events.existingSecret) }}
{{- fail "events.enabled needs events.existingSecret, a Secret with the key token: see docs/delivery.md" }}
{{- end }}
{{- end }}

{{- /* How workloads are attributed and counted, as arguments. */}}
{{- define "goldenpath.judgingArgs" -}}
{{- with .Values.judging }}
{{- with .teamFrom }}
- --team-from={{ join "," . }}
{{- end }}
{{- with .serviceFrom }}
- --service-from={{ join "," . }}
{{- end }}
{{- with .scaffoldedFrom }}
- --scaffolded-from={{ join "," . }}
{{- end }}
{{- if .servicesAcrossNamespaces }}
- --services-across-namespaces
{{- end }}
{{- with .extraKinds }}
- --extra-kind={{ join "," . }}
{{- end }}
{{- with .countedNamespaces }}
- {{ printf "--counted-namespaces=%s" . | quote }}
{{- end }}
{{- with .ignoreNamespaces }}
- {{ printf "--ignore-namespaces=%s" . | quote }}
{{- end }}
{{- with .excludeNamespaces }}
- {{ printf "--exclude-namespaces=%s" (join "," .) | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Not the operator's labels: no Service or Deployment may select a pod of the digest. */}}
{{- define "goldenpath.winsSelectorLabels" -}}
app.kubernetes.io/name: goldenpath-wins
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "goldenpath.winsName" -}}
{{ include "goldenpath.fullname" . | trunc 47 | trimSuffix "-" }}-wins
{{- end }}

{{- /* Egress to DNS and the API server, and what a user adds. Takes the values of networkPolicy. */}}
{{- define "goldenpath.egress" -}}
# DNS.
- ports:
  - {port: 53, protocol: UDP}
  - {port: 53, protocol: TCP}
  {{- with .dnsTo }}
  to:
  {{- toYaml . | nindent 2 }}
  {{- end }}
# The API server, by Service port and by the port behind it.
- ports:
  {{- range .apiServer.ports }}
  - {port: {{ . }}, protocol: TCP}
  {{- end }}
  {{- with .apiServer.to }}
  to:
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .extraEgress }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}
