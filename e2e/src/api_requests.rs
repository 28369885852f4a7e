//! Requests an API server has served, by its own count: a view of `apiserver_request_total`, for
//! tests that assert how many writes something costs.

use std::collections::BTreeMap;

use crate::Samples;

/// One kind of request, as the API server's metrics name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiRequest {
    /// `GET`, `LIST`, `WATCH`, `POST`, `PUT`, `PATCH`, `APPLY`, `DELETE`, …
    pub verb: String,
    pub group: String,
    pub resource: String,
    pub subresource: String,
}

/// Requests answered so far, successful or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiRequests(pub BTreeMap<ApiRequest, u64>);

impl ApiRequests {
    pub(crate) fn from_samples(samples: &Samples) -> Self {
        let mut totals = BTreeMap::new();
        for sample in samples.all("apiserver_request_total", &[]) {
            let label = |name| sample.labels.get(name).cloned().unwrap_or_default();
            let request = ApiRequest {
                verb: label("verb"),
                group: label("group"),
                resource: label("resource"),
                subresource: label("subresource"),
            };
            *totals.entry(request).or_default() += whole(sample.value);
        }
        Self(totals)
    }

    /// What came on top of `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let grown = self.0.iter().filter_map(|(request, now)| {
            let before = earlier.0.get(request).copied().unwrap_or_default();
            let more = now.saturating_sub(before);
            (more > 0).then(|| (request.clone(), more))
        });
        Self(grown.collect())
    }

    /// How many requests with one of these verbs were about a resource (its plural name).
    pub fn count(&self, verbs: &[&str], resource: &str) -> u64 {
        let of_kind = self.0.iter().filter(|(request, _)| {
            request.resource == resource && verbs.contains(&request.verb.as_str())
        });
        of_kind.map(|(_, count)| count).sum()
    }

    /// How many requests could have changed a resource, its subresources included.
    pub fn writes(&self, resource: &str) -> u64 {
        const WRITES: [&str; 6] = [
            "POST",
            "PUT",
            "PATCH",
            "APPLY",
            "DELETE",
            "DELETECOLLECTION",
        ];
        self.count(&WRITES, resource)
    }
}

/// A counter is a whole number that Prometheus carries as a float.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(text: &str) -> ApiRequests {
        ApiRequests::from_samples(&Samples::parse(text))
    }

    const BEFORE: &str = r#"
apiserver_request_total{code="200",group="apps",resource="deployments",subresource="",verb="APPLY"} 3
apiserver_request_total{code="409",group="apps",resource="deployments",subresource="",verb="APPLY"} 1
apiserver_request_total{code="200",group="apps",resource="deployments",subresource="",verb="LIST"} 9
"#;
    const AFTER: &str = r#"
apiserver_request_total{code="200",group="apps",resource="deployments",subresource="",verb="APPLY"} 5
apiserver_request_total{code="409",group="apps",resource="deployments",subresource="",verb="APPLY"} 1
apiserver_request_total{code="200",group="apps",resource="deployments",subresource="status",verb="PATCH"} 1
apiserver_request_total{code="200",group="apps",resource="deployments",subresource="",verb="LIST"} 10
"#;

    #[test]
    fn requests_are_counted_whatever_their_outcome() {
        assert_eq!(totals(BEFORE).count(&["APPLY"], "deployments"), 4);
    }

    #[test]
    fn writes_since_a_moment_leave_out_reads_and_what_was_before() {
        assert_eq!(
            totals(AFTER).since(&totals(BEFORE)).writes("deployments"),
            3
        );
    }
}
