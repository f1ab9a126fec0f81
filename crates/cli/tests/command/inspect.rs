//! `rolecall inspect`.

use serde_json::Value;

use crate::surroundings::{Directory, check_schema, fixture, rolecall};

fn inspected(arguments: &[&str]) -> Value {
    let run = rolecall(&[&["inspect", "-o", "json"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let value = serde_json::from_str(&run.stdout).unwrap();
    check_schema("inspect.schema.json", &value);
    value
}

#[test]
fn a_compiled_policy_is_what_its_files_are() {
    let directory = Directory::new();
    let path = directory.join("shop.rcb").display().to_string();
    let shop = fixture("shop.yaml");
    assert_eq!(rolecall(&["compile", "-f", &shop, "-o", &path]).code, 0);
    let files = inspected(&["-f", &shop]);
    let compiled = inspected(&[&path]);
    for member in ["modes", "clusterRoles", "roles", "rules", "roleBindings", "subjects", "files", "widest"] {
        assert_eq!(files[member], compiled[member], "{member}");
    }
    assert_eq!(files["tables"]["bytes"], compiled["tables"]["bytes"]);
    assert_eq!(files.get("file"), None);
    let file = &compiled["file"];
    assert_eq!((&file["signed"], &file["verified"]), (&false.into(), &false.into()));
    let sections: Vec<_> = file["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["name"].as_str().unwrap())
        .collect();
    assert_eq!(sections, ["about", "types", "tables", "model"]);
    let table = rolecall(&["inspect", &path]).stdout;
    for head in ["modes      RBAC\n", "signature  none\n", "SECTION   BYTES\n", "TABLE ", "WIDEST "] {
        assert!(table.contains(head), "{table}");
    }
}

#[test]
fn of_a_stripped_policy_there_is_less_to_show() {
    let directory = Directory::new();
    let path = directory.join("shop.rcb").display().to_string();
    assert_eq!(rolecall(&["compile", "--strip", "-f", &fixture("shop.yaml"), "-o", &path]).code, 0);
    let stripped = inspected(&[&path]);
    assert_eq!(stripped.get("widest"), None);
    assert_eq!(stripped["file"]["sections"].as_array().unwrap().len(), 3);
}
