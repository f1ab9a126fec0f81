//! `rolecall compile`, and the compiled policy in the place of its files.

use std::fs;

use crate::surroundings::{Directory, Run, fixture, rolecall};

// Made with `openssl genpkey -algorithm ed25519`, for these tests alone.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIGvzqs6IMHzSRfYfHf3oRaxNhvwP+ZVtoqGy+OEs7gug\n-----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA9yKsvTOaSLQYDUe6wtrTeornOkAtFZmy/5oGIoy6nYE=\n-----END PUBLIC KEY-----\n";
const OTHER: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAvE/T1RIT3YQTTrJ3bSxqypYCgCzNmF8QajJ2LIMSeBM=\n-----END PUBLIC KEY-----\n";

/// A directory with the compiled shop in it.
struct Shop {
    directory: Directory,
    files: String,
    compiled: String,
}

impl Shop {
    fn new(flags: &[&str]) -> Self {
        let directory = Directory::new();
        let files = fixture("shop.yaml");
        let compiled = directory.join("shop.rcb").display().to_string();
        let run = rolecall(&[&["compile", "-f", &files, "-o", &compiled], flags].concat());
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
        assert!(run.stderr.contains("shop.rcb: "), "{}", run.stderr);
        Self { directory, files, compiled }
    }

    /// A copy with some bytes changed.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut bytes = fs::read(&self.compiled).unwrap();
        change(&mut bytes);
        self.directory.file(name, bytes)
    }
}

fn ask(path: &str, flags: &[&str]) -> Run {
    rolecall(&[&["can-i", "get", "pods", "--as", "jane", "-f", path], flags].concat())
}

#[track_caller]
fn refused(run: &Run, code: &str, part: &str) {
    assert_ne!(run.code, 0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains(&format!("error[{code}]")), "{}", run.stderr);
    assert!(run.stderr.contains(part) && run.stderr.contains(" = help: "), "{}", run.stderr);
    assert!(rolecall(&["explain-code", code]).stdout.starts_with(&format!("# {code}")));
}

#[test]
fn every_command_answers_as_from_the_files() {
    let shop = Shop::new(&[]);
    for command in [
        &["can-i", "delete", "pods", "-n", "payments", "--as", "jane", "--as-group", "dev"][..],
        &["can-i", "--list", "--as", "jane", "-n", "payments"],
        &["can-i", "get", "wd", "--as", "jane"],
        &["explain", "get", "secrets", "-n", "payments", "--as", "joe"],
        &["explain", "get", "pods", "-n", "payments", "--as", "jane", "-o", "json"],
        &["who-can", "get", "secrets", "-n", "payments", "-o", "wide"],
        &["what-can", "user/jane"],
        &["matrix"],
        &["rules", "--as", "jane", "-o", "json"],
    ] {
        let [files, compiled] =
            [&shop.files, &shop.compiled].map(|path| rolecall(&[command, &["-f", path]].concat()));
        assert_eq!(files.stdout, compiled.stdout, "{command:?}");
        assert_eq!(files.code, compiled.code, "{command:?}");
    }
    let verify = rolecall(&["verify", "--samples", "100", "--exhaustive-limit", "100", "-f", &shop.compiled]);
    assert_eq!(verify.code, 0, "{}", verify.stdout);
    assert_eq!(ask(&shop.compiled, &["--map"]).stdout, ask(&shop.files, &[]).stdout);
}

#[test]
fn the_same_policy_gives_the_same_bytes() {
    let shop = Shop::new(&[]);
    let bytes = fs::read(&shop.compiled).unwrap();
    assert_eq!(bytes, fs::read(Shop::new(&[]).compiled).unwrap());
    // Also when it is compiled from what was compiled.
    let again = shop.directory.join("again.rcb").display().to_string();
    assert_eq!(rolecall(&["compile", "-f", &shop.compiled, "-o", &again]).code, 0);
    assert_eq!(bytes, fs::read(again).unwrap());
}

#[test]
fn a_stripped_policy_decides_and_says_what_it_lacks() {
    let shop = Shop::new(&["--strip"]);
    for (verb, user) in [("get", "jane"), ("delete", "jane"), ("get", "nobody")] {
        let question = ["can-i", verb, "pods", "-n", "payments", "--as", user, "--as-group", "dev"];
        let [files, stripped] =
            [&shop.files, &shop.compiled].map(|path| rolecall(&[&question[..], &["-f", path]].concat()));
        assert_eq!((files.stdout, files.code), (stripped.stdout, stripped.code));
    }
    for command in [
        &["explain", "get", "pods", "--as", "jane"][..],
        &["who-can", "get", "pods"],
        &["what-can", "user/jane"],
        &["rules", "--as", "jane"],
        &["matrix"],
        &["verify"],
    ] {
        let run = rolecall(&[command, &["-f", &shop.compiled]].concat());
        refused(&run, "compiled-stripped", "without --strip");
    }
}

#[test]
fn a_signature_is_asked_for_and_found() {
    let keys = Directory::new();
    let [private, public, other] = [("private.pem", PRIVATE), ("public.pem", PUBLIC), ("other.pem", OTHER)]
        .map(|(name, pem)| keys.file(name, pem));
    let shop = Shop::new(&["--sign", &private]);
    assert_eq!(ask(&shop.compiled, &[]), ask(&shop.compiled, &["--verify-key", &public]));
    refused(&ask(&shop.compiled, &["--verify-key", &other]), "compiled-signature", "does not fit");
    let unsigned = Shop::new(&[]);
    refused(&ask(&unsigned.compiled, &["--verify-key", &public]), "compiled-unsigned", "not signed");
    // A manifest has no signature either.
    refused(&ask(&shop.files, &["--verify-key", &public]), "compiled-foreign", "--verify-key");
    refused(&ask(&shop.compiled, &["--verify-key", &private]), "compiled-key", "-pubout");
    let signed = rolecall(&["compile", "-f", &shop.files, "-o", &shop.compiled, "--sign", &public]);
    refused(&signed, "compiled-key", "public key");
    refused(
        &ask(&shop.compiled, &["--verify-key", &keys.join("none").display().to_string()]),
        "unreadable",
        "no such file",
    );
}

#[test]
fn what_is_not_as_it_was_written_is_refused() {
    let shop = Shop::new(&[]);
    let cut = shop.changed("cut.rcb", |bytes| bytes.truncate(1_000));
    refused(&ask(&cut, &[]), "compiled-damaged", "it ends after 1000 of ");
    refused(&ask(&cut, &["--map"]), "compiled-damaged", "it ends after 1000 of ");
    let longer = shop.changed("longer.rcb", |bytes| bytes.push(b'x'));
    refused(&ask(&longer, &[]), "compiled-damaged", "something follows its ");
    let flipped = shop.changed("flipped.rcb", |bytes| bytes[2_000] ^= 1);
    refused(&ask(&flipped, &[]), "compiled-damaged", "its checksum does not fit");
    refused(&ask(&flipped, &["--map"]), "compiled-damaged", "its checksum does not fit");
    let newer = shop.changed("newer.rcb", |bytes| bytes[8] = 2);
    refused(&ask(&newer, &[]), "compiled-format", "a newer version");
    let renamed = shop.directory.file("renamed.rcb", fs::read(&shop.files).unwrap());
    refused(&ask(&renamed, &[]), "compiled-foreign", "no compiled policy");
}

#[test]
fn a_compiled_policy_is_read_alone() {
    let shop = Shop::new(&[]);
    refused(&ask(&shop.compiled, &["-f", &shop.files]), "compiled-policy", "read alone");
    let check = rolecall(&["check", &shop.compiled]);
    assert!(check.stdout.contains("error[compiled-policy]"), "{}", check.stdout);
    for flag in
        ["--authorization-mode=RBAC", "--default-roles=all", "--validate=strict", "--manifest-namespace=x"]
    {
        let run = ask(&shop.compiled, &[flag]);
        let name = flag.split('=').next().unwrap();
        assert!(run.stderr.contains(&format!("{name} has no effect on a compiled policy")), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn it_comes_in_through_a_pipe() {
    let shop = Shop::new(&[]);
    let program = env!("CARGO_BIN_EXE_rolecall");
    let piped = |tail: &str| {
        let line = format!("cat '{}' | '{program}' can-i get pods --as jane -f {tail}", shop.compiled);
        let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = ask(&shop.compiled, &[]).stdout;
    assert_eq!([piped("-"), piped("/dev/stdin")], [expected.clone(), expected]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let shop = Shop::new(&[]);
    let run = rolecall(&["compile", "-f", &shop.files, "-o", "/dev/full"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot write `/dev/full`: No space left on device"), "{}", run.stderr);
}
