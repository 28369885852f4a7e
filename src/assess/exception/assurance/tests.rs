//! Assurance of an exception for each history of its decision, and the requirements on a policy to be in
//! force.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::policy::in_force_since;
use super::*;
use crate::api::deviation_exception::Decision;
use crate::api::golden_path::ExceptionPolicy;
use crate::api::{DeviationException, DeviationExceptionSpec};
use crate::assess::exception::fixtures::{
    approval, approved, closed, day, renewed, requested, self_declare_policy, start, terms,
};
use crate::assess::exception::live;
use crate::assess::exception::record::Exception;

/// The policy is in force since day 10.
const SINCE: u64 = 10;

/// An exception that one manager wrote last at `written`.
fn object(spec: DeviationExceptionSpec, written: Option<Timestamp>) -> Exception {
    let mut fields = json!({"f:approval": {"f:at": {}}, "f:reviews": {}});
    for review in &spec.reviews {
        fields["f:reviews"][format!("k:{{\"at\":\"{}\"}}", review.at.0)] = json!({".": {}});
    }
    let record = written.map(|at| {
        json!([{"manager": "kubectl", "time": at.to_string(), "fieldsV1": {"f:spec": fields}}])
    });
    let mut object = DeviationException::new("heap", spec);
    object.metadata.managed_fields = record.map(|record| serde_json::from_value(record).unwrap());
    object.metadata.generation = Some(3);
    Exception::read(object, start())
}

fn seen(exception: &Exception, vouching: Vouching) -> Assurance {
    let policy = ExceptionPolicy::default();
    let life = live(&exception.spec, start(), &terms(&policy), day(60));
    assurance(exception, &life, vouching)
}

/// Assurance of a decision on that day, written the same day.
fn decided(at: u64) -> Assurance {
    seen(&object(approved_on(at), Some(day(at))), since())
}

fn approved_on(at: u64) -> DeviationExceptionSpec {
    DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, day(at))),
        ..requested()
    }
}

fn since() -> Vouching {
    Vouching::Since(day(SINCE))
}

const OLDER: fn() -> Assurance = || Assurance::Unverified(Doubt::OlderThanPolicy(day(SINCE)));
const AHEAD: Assurance = Assurance::Unverified(Doubt::DatedAhead);

#[test]
fn a_decision_is_verified_from_the_instant_of_the_policy() {
    assert_eq!(decided(SINCE - 1), OLDER());
    assert_eq!(decided(SINCE), Assurance::Verified);
    assert_eq!(decided(SINCE + 1), Assurance::Verified);
}

#[test]
fn an_old_approval_is_verified_once_it_is_renewed() {
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(20))],
        ..approved()
    };
    assert_eq!(
        seen(&object(spec, Some(day(20))), since()),
        Assurance::Verified
    );
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(5)), closed(day(20))],
        ..approved()
    };
    let only_closed = seen(&object(spec, Some(day(20))), since());
    assert_eq!(only_closed, OLDER(), "closing is not a renewal");
}

#[test]
fn a_decision_dated_after_its_write_is_never_verified() {
    let dated = |written| seen(&object(approved_on(20), Some(written)), since());
    assert_eq!(dated(day(5)), AHEAD, "before the policy was there");
    assert_eq!(dated(day(19)), AHEAD);
    assert_eq!(
        dated(SKEW.before(day(20))),
        Assurance::Verified,
        "clocks differ"
    );
    // Within what clocks differ by, but before the policy.
    let policy_after = Vouching::Since(Period::seconds(60).before(day(20)));
    let early = object(approved_on(20), Some(SKEW.before(day(20))));
    let Assurance::Unverified(Doubt::OlderThanPolicy(_)) = seen(&early, policy_after) else {
        panic!("it was written before there was a policy");
    };
    let spec = DeviationExceptionSpec {
        reviews: vec![renewed(day(30))],
        ..approved_on(20)
    };
    assert_eq!(seen(&object(spec, Some(day(20))), since()), AHEAD);
}

#[test]
fn a_decision_without_a_record_is_as_old_as_the_object() {
    assert_eq!(seen(&object(approved_on(20), None), since()), AHEAD);
    let early = Vouching::Since(start());
    assert_eq!(seen(&object(approved(), None), early), Assurance::Verified);
}

#[test]
fn without_a_policy_an_approval_is_unverified_with_a_reason() {
    let fresh = object(approved_on(20), Some(day(20)));
    for (vouching, doubt) in [
        (Vouching::Offline, Doubt::Offline),
        (Vouching::AsWritten, Doubt::NoStatusYet),
        (
            Vouching::Absent(Gap::NoPolicy),
            Doubt::NoPolicy(Gap::NoPolicy),
        ),
    ] {
        assert_eq!(seen(&fresh, vouching), Assurance::Unverified(doubt));
    }
}

#[test]
fn without_the_policy_the_operators_condition_counts() {
    let mut exception = object(approved_on(20), Some(day(20)));
    let with_reason = |reason: &str, generation: i64| {
        let status = json!({"observedGeneration": generation, "conditions": [{
            "type": "Approved", "status": "True", "reason": reason, "message": "",
            "lastTransitionTime": "2026-01-20T00:00:00Z"}]});
        Some(serde_json::from_value(status).unwrap())
    };
    exception.status = with_reason("Verified", 3);
    assert_eq!(seen(&exception, Vouching::AsWritten), Assurance::Verified);
    for (status, doubt) in [
        (with_reason("Unverified", 3), Doubt::AsWritten),
        (with_reason("Verified", 2), Doubt::NoStatusYet),
        (None, Doubt::NoStatusYet),
    ] {
        exception.status = status;
        let doubted = Assurance::Unverified(doubt);
        assert_eq!(seen(&exception, Vouching::AsWritten), doubted);
    }
}

#[test]
fn without_a_required_approval_nothing_is_verified() {
    let asked = object(requested(), None);
    let policy = self_declare_policy();
    let open = ExceptionPolicy {
        require_approval: false,
        ..ExceptionPolicy::default()
    };
    for (policy, expected) in [
        (&policy, Assurance::SelfDeclared),
        (&open, Assurance::NotRequired),
        (&ExceptionPolicy::default(), Assurance::Pending),
    ] {
        let life = live(&asked.spec, start(), &terms(policy), day(1));
        assert_eq!(assurance(&asked, &life, since()), expected);
    }
    let no = DeviationExceptionSpec {
        approval: Some(approval(Decision::Rejected, day(20))),
        ..requested()
    };
    assert_eq!(seen(&object(no, None), since()), Assurance::Rejected);
}

proptest! {
    /// A decision that is older than the policy, by date or by record, is never verified; nor is one dated
    /// after its write.
    #[test]
    fn no_decision_from_before_the_policy_is_verified(
        at in 0_u64..50, written in 0_u64..60, policy in 0_u64..60,
    ) {
        let exception = object(approved_on(at), Some(day(written)));
        let verified = seen(&exception, Vouching::Since(day(policy))) == Assurance::Verified;
        prop_assert_eq!(verified, at >= policy && written >= policy && at <= written);
    }
}

fn policy() -> Value {
    json!({
        "metadata": {"name": "p", "creationTimestamp": "2026-01-11T00:00:00Z"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {},
                "resourceRules": [{
                    "apiGroups": ["goldenpath.dev"], "apiVersions": ["*"], "scope": "*",
                    "operations": ["CREATE", "UPDATE"], "resources": ["deviationexceptions"]}],
            },
            "validations": [{"expression": "false"}],
        },
    })
}

fn binding() -> Value {
    json!({
        "metadata": {"name": "p", "creationTimestamp": "2026-01-10T00:00:00Z"},
        "spec": {"policyName": "p", "validationActions": ["Deny"]},
    })
}

fn judged(policy: Value, binding: Value) -> Result<Timestamp, Gap> {
    let policy = serde_json::from_value(policy).unwrap();
    let binding = serde_json::from_value(binding).unwrap();
    in_force_since(Some(&policy), Some(&binding))
}

#[test]
fn policy_and_binding_are_in_force_since_the_later_one() {
    assert_eq!(judged(policy(), binding()), Ok(day(SINCE)));
    assert_eq!(in_force_since(None, None), Err(Gap::NoPolicy));
    let alone = serde_json::from_value(policy()).unwrap();
    assert_eq!(in_force_since(Some(&alone), None), Err(Gap::NotBound));
    let mut other = binding();
    other["spec"]["policyName"] = json!("q");
    assert_eq!(judged(policy(), other), Err(Gap::NotBound));
}

#[test]
fn a_policy_that_can_be_bypassed_is_not_in_force() {
    let condition = json!([{"name": "not-me", "expression": "request.userInfo.username != 'me'"}]);
    let some = json!({"matchLabels": {"approved": "by-hand"}});
    let rule = policy()["spec"]["matchConstraints"]["resourceRules"][0].clone();
    for (place, value) in [
        ("/spec/failurePolicy", json!("Ignore")),
        ("/spec/matchConditions", condition),
        ("/spec/validations", json!([])),
        ("/spec/matchConstraints/namespaceSelector", some.clone()),
        ("/spec/matchConstraints/objectSelector", some.clone()),
        ("/spec/matchConstraints/excludeResourceRules", json!([rule])),
        (
            "/spec/matchConstraints/resourceRules/0/operations",
            json!(["CREATE"]),
        ),
        (
            "/spec/matchConstraints/resourceRules/0/resourceNames",
            json!(["one"]),
        ),
        (
            "/spec/matchConstraints/resourceRules/0/resources",
            json!(["goldenpaths"]),
        ),
    ] {
        assert_eq!(
            judged(with(policy(), place, value), binding()),
            Err(Gap::Lenient),
            "{place}"
        );
    }
    for (place, value) in [
        ("/spec/validationActions", json!(["Warn", "Audit"])),
        ("/spec/matchResources", json!({ "namespaceSelector": some })),
        ("/spec/matchResources", json!({ "resourceRules": [rule] })),
    ] {
        assert_eq!(
            judged(policy(), with(binding(), place, value)),
            Err(Gap::Lenient),
            "{place}"
        );
    }
}

/// The object with one field added or replaced.
fn with(mut object: Value, place: &str, value: Value) -> Value {
    let (parent, field) = place.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[field] = value;
    object
}
