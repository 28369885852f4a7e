//! The API's `OpenAPI` document: every real answer validates against its schema, with no field besides, and
//! the user's page of the API names every address and parameter.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::ground::{self, Server, ask, whole};
use crate::pages::FLEET;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let server = Server::of(&FLEET, ground::patient());
    read(&server, "/api/v1/openapi.json")
});

fn read(server: &Server, address: &str) -> Value {
    let answer = whole(ask(server, address));
    assert_eq!(answer.status, 200, "{address}");
    serde_json::from_slice(&answer.body).unwrap()
}

/// Refuses fields that the schemas do not name.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            for (_, value) in fields.iter_mut() {
                *value = closed(value.take());
            }
            // A schema beside a reference sees only its own fields.
            let is_whole = fields.get("properties").is_some_and(Value::is_object)
                && !fields.contains_key("$ref")
                && !fields.contains_key("additionalProperties");
            if is_whole {
                fields.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = closed(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

/// Validates the answers of an address with this status.
fn validator(path: &str, status: &str) -> Validator {
    let content = &DOCUMENT["paths"][path]["get"]["responses"][status]["content"];
    let mut schema = content["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{path} {status}");
    schema["components"] = DOCUMENT["components"].clone();
    jsonschema::draft202012::new(&closed(schema)).unwrap()
}

#[track_caller]
fn assert_valid(validator: &Validator, answer: &Value, address: &str) {
    let errors = validator.iter_errors(answer).take(5);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{address}: {errors:#?}");
}

/// An address of each path that answers.
fn example(path: &str) -> String {
    path.replace("services/{namespace}/{name}", "services/shop/w001")
        .replace("paths/{name}", "paths/web")
}

#[test]
fn every_answer_validates_against_its_schema() {
    let server = Server::of(&FLEET, ground::patient());
    let paths = DOCUMENT["paths"].as_object().unwrap();
    assert!(paths.len() > 10, "{:?}", paths.keys());
    for (path, item) in paths {
        let address = example(path);
        assert!(!address.contains('{'), "{address} has no example");
        let content = &item["get"]["responses"]["200"]["content"];
        if content.get("application/json").is_none() {
            assert!(content.get("text/event-stream").is_some(), "{path}");
            continue;
        }
        let answer = read(&server, &address);
        assert_valid(&validator(path, "200"), &answer, &address);
    }
}

#[test]
fn refusals_validate_and_each_parameter_is_known() {
    let server = Server::of(&FLEET, ground::patient());
    let get = |address: &str, status: u16| -> Value {
        let answer = whole(ask(&server, address));
        assert_eq!(answer.status, status, "{address}");
        serde_json::from_slice(&answer.body).unwrap()
    };
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let address = example(path);
        let parameters = item["get"]["parameters"].as_array().unwrap().iter();
        let parameters: Vec<&Value> = parameters.filter(|it| it["in"] == "query").collect();
        for parameter in &parameters {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            // A token is the server's own.
            let value = match (&schema["enum"][0], &schema["type"]) {
                _ if name == "continue" => "",
                (Value::String(word), _) => word,
                (_, kind) if kind == "integer" => "1",
                _ => "x",
            };
            read(&server, &format!("{address}?{name}={value}"));
        }
        if !parameters.is_empty() {
            let answer = get(&format!("{address}?colour=red"), 400);
            assert_valid(&validator(path, "400"), &answer, path);
        }
    }
    for path in [
        "/api/v1/services/{namespace}/{name}",
        "/api/v1/paths/{name}",
    ] {
        let answer = get(&path.replace(['{', '}'], "x"), 404);
        assert_valid(&validator(path, "404"), &answer, path);
    }
}

#[test]
fn the_users_page_names_every_address_and_parameter() {
    let page = include_str!("../../docs/api.md");
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        let written = path
            .replace("{namespace}", "NAMESPACE")
            .replace("{name}", "NAME");
        assert!(page.contains(&format!("| `{written}` |")), "{written}");
        for parameter in item["get"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let is_named = parameter["in"] == "path" || page.contains(&format!("`{name}`"));
            assert!(is_named, "{path}: {name}");
        }
    }
}

#[test]
fn the_document_is_of_openapi_3_1_and_its_references_lead_somewhere() {
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
    let text = DOCUMENT.to_string();
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let references = regex::Regex::new("\"\\$ref\":\"([^\"]*)\"").unwrap();
    let mut found = 0;
    for reference in references.captures_iter(&text) {
        let name = reference[1].strip_prefix("#/components/schemas/");
        assert!(schemas.contains_key(name.unwrap()), "{reference:?}");
        found += 1;
    }
    assert!(found > 20, "{found}");
    assert!(!text.contains("null\""), "what is unknown is absent");
    for name in schemas.keys() {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        assert!(name.chars().all(is_plain), "{name}");
    }
}
