//! JSON schemas, as far as those of the project go.

use serde_json::{Map, Value};

/// What is wrong with a value by a schema: each fault with the place in the value; none, if it is valid.
///
/// Known are `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `minItems`,
/// `maxItems`, `minimum`, `minLength`, `pattern`, `anyOf` and `$ref` into `definitions`.
///
/// # Panics
///
/// When the schema uses a word that is not known here: it would hold nothing.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema, schema, value, "$", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else {
        if schema == &Value::Bool(false) {
            faults.push(format!("{place}: must not be there"));
        }
        return;
    };
    for (word, held) in schema {
        let fault = |text: String| format!("{place}: {text}");
        match word.as_str() {
            "$ref" => {
                let name = held.as_str().and_then(|path| path.strip_prefix("#/definitions/")).unwrap();
                let definition = root["definitions"].get(name).unwrap_or_else(|| panic!("no {name}"));
                check(root, definition, value, place, faults);
            }
            "anyOf" => {
                let fits = held.as_array().unwrap().iter().any(|one| {
                    let mut faults = Vec::new();
                    check(root, one, value, place, &mut faults);
                    faults.is_empty()
                });
                if !fits {
                    faults.push(fault("fits none of what it may be".to_owned()));
                }
            }
            "const" if value != held => faults.push(fault(format!("is {value}, not {held}"))),
            "enum" if !held.as_array().unwrap().contains(value) => {
                faults.push(fault(format!("{value} is none of {held}")));
            }
            // Held, or nothing to hold, or looked at below.
            "$comment"
            | "$id"
            | "$schema"
            | "additionalProperties"
            | "const"
            | "definitions"
            | "description"
            | "enum"
            | "maxItems"
            | "pattern"
            | "title" => {}
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, held, item, &format!("{place}[{index}]"), faults);
                }
            }
            "minItems" => {
                if value.as_array().is_some_and(|items| (items.len() as u64) < held.as_u64().unwrap()) {
                    faults.push(fault(format!("has fewer than {held} items")));
                }
            }
            "minLength" => {
                if value.as_str().is_some_and(|text| (text.chars().count() as u64) < held.as_u64().unwrap()) {
                    faults.push(fault(format!("is shorter than {held}")));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|number| number < held.as_f64().unwrap()) {
                    faults.push(fault(format!("is less than {held}")));
                }
            }
            "properties" => {
                let known = held.as_object().unwrap();
                for (key, item) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = known.get(key) {
                        check(root, schema, item, &format!("{place}.{key}"), faults);
                    }
                }
            }
            "required" => {
                if let Some(object) = value.as_object() {
                    let missing = held.as_array().unwrap().iter().filter_map(Value::as_str);
                    let missing = missing.filter(|key| !object.contains_key(*key));
                    faults.extend(missing.map(|key| fault(format!("lacks `{key}`"))));
                }
            }
            "type" => {
                if !has_type(value, held.as_str().unwrap()) {
                    faults.push(fault(format!("{value} is no {held}")));
                }
            }
            other => panic!("nobody looks at `{other}` of a schema"),
        }
    }
    check_rest(root, schema, value, place, faults);
}

/// What needs more than one word of the schema, or the whole value.
fn check_rest(
    root: &Value,
    schema: &Map<String, Value>,
    value: &Value,
    place: &str,
    faults: &mut Vec<String>,
) {
    if let Some(others) = schema.get("additionalProperties") {
        let known = schema.get("properties").and_then(Value::as_object);
        for (key, item) in value.as_object().into_iter().flatten() {
            if known.is_none_or(|known| !known.contains_key(key)) {
                check(root, others, item, &format!("{place}.{key}"), faults);
            }
        }
    }
    if let (Some(limit), Some(items)) = (schema.get("maxItems"), value.as_array())
        && items.len() as u64 > limit.as_u64().unwrap()
    {
        faults.push(format!("{place}: has more than {limit} items"));
    }
    if let (Some(pattern), Some(text)) = (schema.get("pattern").and_then(Value::as_str), value.as_str())
        && !regex::Regex::new(pattern).unwrap().is_match(text)
    {
        faults.push(format!("{place}: {text:?} does not fit {pattern}"));
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("there is no type `{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_are_found_at_their_places() {
        let schema = json!({
            "type": "object",
            "required": ["a", "b"],
            "additionalProperties": false,
            "properties": {
                "a": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/definitions/number"}},
                "b": {"anyOf": [{"const": 1}, {"enum": ["x", "y"]}]},
                "c": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
            },
            "definitions": {"number": {"type": "integer", "minimum": 1}},
        });
        assert_eq!(faults(&schema, &json!({"a": [1, 2], "b": "y", "c": "ab"})), Vec::<String>::new());
        for (value, place) in [
            (json!([]), "$:"),
            (json!({"a": [1]}), "$: lacks `b`"),
            (json!({"a": [], "b": 1}), "$.a:"),
            (json!({"a": [1, 2, 3], "b": 1}), "$.a:"),
            (json!({"a": [0], "b": 1}), "$.a[0]:"),
            (json!({"a": ["1"], "b": 1}), "$.a[0]:"),
            (json!({"a": [1], "b": 2}), "$.b:"),
            (json!({"a": [1], "b": 1, "c": "a"}), "$.c:"),
            (json!({"a": [1], "b": 1, "c": "A1"}), "$.c:"),
            (json!({"a": [1], "b": 1, "d": 1}), "$.d: must not be there"),
        ] {
            let found = faults(&schema, &value);
            assert!(found.len() == 1 && found[0].starts_with(place), "{value}: {found:?}");
        }
    }
}
