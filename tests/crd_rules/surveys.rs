//! What the API server refuses of a survey: groups that could be guessed or found by subtraction.

use serde_json::{Value, json};

use crate::{accepts, refuses, with_cluster};

fn survey(name: &str) -> Value {
    json!({
        "apiVersion": goldenpath::api::API_VERSION,
        "kind": "DeveloperSurvey",
        "metadata": {"name": name},
        "spec": {
            "period": {"from": "2026-07-01T00:00:00Z", "to": "2026-10-01T00:00:00Z"},
            "questionSet": "space-1",
            "groups": [
                {"name": "bank", "responses": 9, "nps": {"promoters": 3, "passives": 3, "detractors": 2},
                    "space": {"satisfaction": 3.4, "efficiency": 4.9}},
                {"name": "shop", "responses": 12, "nps": {"promoters": 5, "passives": 3, "detractors": 4}},
            ],
            "hidden": {"groups": 2, "responses": 9},
        },
    })
}

#[test]
fn a_survey_shows_no_small_group() {
    with_cluster(|cluster| {
        accepts(cluster, &survey("whole"));
        let mut small = survey("small");
        small["spec"]["groups"][0] = json!({"name": "bank", "responses": 4});
        refuses(
            cluster,
            &small,
            "a group has fewer responses than minGroupSize",
        );
        let mut larger = survey("larger");
        larger["spec"]["minGroupSize"] = json!(10);
        refuses(
            cluster,
            &larger,
            "a group has fewer responses than minGroupSize",
        );
        larger["spec"]["minGroupSize"] = json!(4);
        refuses(cluster, &larger, "minGroupSize");
        let mut few = survey("few");
        few["spec"]["groups"][0]["nps"] = json!({"promoters": 1, "passives": 1, "detractors": 2});
        refuses(
            cluster,
            &few,
            "nps of a group has fewer answers than minGroupSize",
        );
        let mut none = survey("none");
        none["spec"]["groups"] = json!([]);
        refuses(cluster, &none, "spec.groups");
    });
}

#[test]
fn hidden_groups_cannot_be_found_by_subtraction() {
    with_cluster(|cluster| {
        for (name, hidden) in [
            ("one", json!({"groups": 1, "responses": 9})),
            ("two-small", json!({"groups": 2, "responses": 4})),
            ("one-each", json!({"groups": 5, "responses": 5})),
            ("no-group", json!({"groups": 0, "responses": 3})),
        ] {
            let mut object = survey(name);
            object["spec"]["hidden"] = hidden;
            refuses(cluster, &object, "can be found by subtraction");
        }
        let mut everyone = survey("everyone");
        everyone["spec"]["grouping"] = json!("Everyone");
        refuses(cluster, &everyone, "one entry for all who answered");
    });
}

#[test]
fn no_figure_tells_the_answer_of_each_person() {
    with_cluster(|cluster| {
        let mut alike = survey("alike");
        alike["spec"]["groups"][1]["nps"] =
            json!({"promoters": 12, "passives": 0, "detractors": 0});
        refuses(cluster, &alike, "all answers to nps are alike");
        let mut best = survey("best");
        best["spec"]["groups"][0]["space"] = json!({"activity": 5.0});
        refuses(cluster, &best, "tells the answer of each person");
        let mut exact = survey("exact");
        exact["spec"]["groups"][0]["space"] = json!({"activity": 3.43});
        refuses(cluster, &exact, "a mean has one decimal");
        let mut more = survey("more");
        more["spec"]["groups"][0]["nps"]["promoters"] = json!(9);
        refuses(
            cluster,
            &more,
            "nps counts more answers than the group has responses",
        );
    });
}

#[test]
fn answers_to_a_dimension_are_enough_people_who_responded() {
    with_cluster(|cluster| {
        for (name, answers, sentence) in [
            (
                "few-answers",
                json!({"satisfaction": 4}),
                "a mean of a group has fewer answers than minGroupSize",
            ),
            (
                "more-answers",
                json!({"satisfaction": 10}),
                "more answers than the group has responses",
            ),
            (
                "no-mean",
                json!({"activity": 9}),
                "answers to a dimension without a mean",
            ),
        ] {
            let mut object = survey(name);
            object["spec"]["groups"][0]["spaceAnswers"] = answers;
            refuses(cluster, &object, sentence);
        }
        // A wave of an earlier version takes answers together with new responses.
        let mut object = survey("counted");
        accepts(cluster, &object);
        object["spec"]["groups"][0]["responses"] = json!(14);
        object["spec"]["groups"][0]["spaceAnswers"] = json!({"satisfaction": 7, "efficiency": 12});
        accepts(cluster, &object);
        let five = "five or more new answers to a dimension";
        object["spec"]["groups"][0]["responses"] = json!(19);
        for (path, value) in [
            ("/spec/groups/0/spaceAnswers/satisfaction", json!(8)),
            ("/spec/groups/0/space/satisfaction", json!(3.5)),
        ] {
            let mut changed = object.clone();
            *changed.pointer_mut(path).unwrap() = value;
            refuses(cluster, &changed, five);
        }
        let mut gone = object.clone();
        gone["spec"]["groups"][0]
            .as_object_mut()
            .unwrap()
            .remove("spaceAnswers");
        refuses(cluster, &gone, five);
        object["spec"]["groups"][0]["spaceAnswers"]["satisfaction"] = json!(12);
        object["spec"]["groups"][0]["space"]["satisfaction"] = json!(3.6);
        accepts(cluster, &object);
    });
}

#[test]
fn a_published_wave_takes_five_answers_or_none() {
    with_cluster(|cluster| {
        let mut object = survey("published");
        accepts(cluster, &object);
        object["spec"]["groups"][1]["responses"] = json!(13);
        refuses(
            cluster,
            &object,
            "accepts five or more new responses of a group at once",
        );
        object["spec"]["groups"][1]["responses"] = json!(12);
        object["spec"]["groups"][1]["nps"]["promoters"] = json!(4);
        refuses(
            cluster,
            &object,
            "accepts five or more new responses of a group at once",
        );
        object["spec"]["groups"][1]["responses"] = json!(17);
        refuses(cluster, &object, "accepts five or more new answers to nps");
        object["spec"]["groups"][1]["nps"]["promoters"] = json!(10);
        accepts(cluster, &object);
        let mut gone = object.clone();
        gone["spec"]["groups"].as_array_mut().unwrap().remove(1);
        refuses(cluster, &gone, "keeps its groups");
        let mut other = object.clone();
        other["spec"]["grouping"] = json!("Persona");
        refuses(cluster, &other, "keeps its grouping");
        object["spec"]["invited"] = json!(40);
        accepts(cluster, &object);
    });
}
