//! The `OpenAPI` 3.1 document of the API, generated from the routes' parameters and the types of their
//! answers. It knows no route: the server lists them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::parameters::{Parameter, Values};

/// Where the document keeps its schemas.
const SCHEMAS: &str = "/components/schemas";

/// One address that answers `GET`.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Parts in braces are parameters.
    pub path: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Parameters of the query.
    pub parameters: &'static [Parameter],
    pub content: Content,
}

/// What an address answers with.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    Json(SchemaOf),
    Events,
}

/// The schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

impl Content {
    /// JSON of this type.
    pub fn json<T: JsonSchema>() -> Self {
        Self::Json(SchemaGenerator::subschema_for::<T>)
    }
}

/// The document. `failure` is the body of a refusal.
pub fn document(operations: &[Operation], failure: SchemaOf) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
    let mut schemas = settings.into_generator();
    let failure = failure(&mut schemas);
    let paths: Map<String, Value> = operations
        .iter()
        .map(|operation| {
            let get = get(operation, &failure, &mut schemas);
            (operation.path.to_owned(), json!({ "get": get }))
        })
        .collect();
    let mut schemas = Value::Object(schemas.take_definitions(true));
    without_null(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "goldenpath",
            "summary": "Golden-path adoption, read-only.",
            "description": "Fields may be added; the existing ones stay. Unknown values are absent, never null.",
            "version": "v1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        // Relative to this document, so that it is right behind any path.
        "servers": [{"url": "../../"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn get(operation: &Operation, failure: &Schema, schemas: &mut SchemaGenerator) -> Value {
    let in_path: Vec<&str> = in_path(operation.path).collect();
    let parameters = in_path
        .iter()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .chain(operation.parameters.iter().map(in_query));
    let parameters: Vec<Value> = parameters.collect();
    let mut responses = Map::new();
    responses.insert("200".to_owned(), answer(operation.content, schemas));
    let mut refuse = |code: &str, description: &str| {
        let content = json!({"application/json": {"schema": failure}});
        let response = json!({"description": description, "content": content});
        responses.insert(code.to_owned(), response);
    };
    if !operation.parameters.is_empty() {
        refuse("400", "A parameter is unknown or its value is.");
    }
    if !in_path.is_empty() {
        refuse("404", "It does not exist now.");
    }
    if let Content::Events = operation.content {
        let full = json!({"description": "There is no room for another stream."});
        responses.insert("204".to_owned(), full);
    }
    let busy = json!({
        "description": "The first lists are not complete, or too many requests are under way.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    });
    responses.insert("503".to_owned(), busy);
    json!({
        "operationId": operation_id(operation.path),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
    })
}

fn answer(content: Content, schemas: &mut SchemaGenerator) -> Value {
    let content = match content {
        Content::Json(schema) => json!({"application/json": {"schema": schema(schemas)}}),
        Content::Events => json!({"text/event-stream": {"schema": {"type": "string"}}}),
    };
    json!({"description": "OK", "content": content})
}

/// The names in braces.
fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn in_query(parameter: &Parameter) -> Value {
    let schema = match parameter.values {
        Values::Text => json!({"type": "string"}),
        Values::Number(None) => json!({"type": "integer", "minimum": 1}),
        Values::Number(Some(most)) => json!({"type": "integer", "minimum": 1, "maximum": most}),
        Values::Words(words) => json!({"type": "string", "enum": words()}),
    };
    json!({
        "name": parameter.name, "in": "query", "description": parameter.description, "schema": schema,
    })
}

/// `getApiV1ServicesNamespaceName`.
fn operation_id(path: &str) -> String {
    let mut id = "get".to_owned();
    let parts = path.split(['/', '.', '{', '}']);
    for part in parts {
        let mut letters = part.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

/// An optional field is absent and never null, which the generator cannot know.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            remove_null(fields);
            fields.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn remove_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(any)) = fields.get_mut("anyOf") else {
        return;
    };
    any.retain(|schema| schema["type"] != "null");
    if let [Value::Object(only)] = any.as_slice() {
        let only = only.clone();
        fields.remove("anyOf");
        for (name, value) in only {
            fields.entry(name).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_has_a_name_and_its_parameters_of_the_path() {
        let path = "/api/v1/services/{namespace}/{name}";
        assert_eq!(operation_id(path), "getApiV1ServicesNamespaceName");
        assert_eq!(in_path(path).collect::<Vec<_>>(), ["namespace", "name"]);
    }

    #[test]
    fn an_optional_field_is_never_null() {
        let mut schema = json!({"properties": {
            "day": {"type": ["string", "null"], "format": "date-time"},
            "team": {"anyOf": [{"$ref": "#/a"}, {"type": "null"}], "description": "x"},
        }});
        without_null(&mut schema);
        let expected = json!({"properties": {
            "day": {"type": "string", "format": "date-time"},
            "team": {"$ref": "#/a", "description": "x"},
        }});
        assert_eq!(schema, expected);
    }
}
