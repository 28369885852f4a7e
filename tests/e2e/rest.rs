//! Without a change the operator writes nothing, as the API server counts it.

use goldenpath_e2e::{Options, eventually};

use crate::stage::{Place, SOON, start, stop};
use crate::suite::{control_plane, let_it_renew, writes};
use crate::words::{PATH, approval, exception, failing, golden, service};

#[test]
fn a_restart_with_nothing_changed_writes_nothing() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "restart");
    place.apply(PATH);
    place.apply(&[golden("web"), failing("moving"), failing("agreed")].concat());
    place.apply(&service("web", "app: web"));
    place.apply(&exception("agreed", &approval()));
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    place.becomes("deploy/web", "golden-path", None);
    place.becomes("deploy/moving", "deviating", Some("undocumented"));
    place.becomes("deploy/agreed", "deviating", Some("documented"));
    place.becomes("svc/web", "golden-path", None);
    place.condition("devex/agreed", "Needed", "True");
    place.condition(&format!("gp/{}", place.name), "Ready", "True");
    // Statuses are written at most every ten seconds: the last one goes out first.
    eventually(6 * SOON, "nothing is left to write", || {
        let before = cluster.api_request_totals().ok()?;
        let_it_renew(&cluster, &operator, 6);
        let since = cluster.api_request_totals().ok()?.since(&before);
        writes(&since).is_empty().then_some(())
    });
    stop(operator);

    let before = cluster.api_request_totals().unwrap();
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    let_it_renew(&cluster, &operator, 6);
    let since = cluster.api_request_totals().unwrap().since(&before);
    assert_eq!(writes(&since), []);
    stop(operator);
}
