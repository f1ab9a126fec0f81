//! What brings the command to people: the krew manifest, the pre-commit hook, the image.
//!
//! Each file is read, and what it runs is run: a flag that does not exist would be noticed here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rolecall::{
    files::EXTENSIONS,
    kubernetes::document::{Documents, Limits, Node},
    source::SourceMap,
};

use crate::surroundings::{Directory, Run, cluster_role};

pub(crate) const TYPO: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {namespace: ci, name: deployer}
rules:
- {apiGroups: [''], resources: [configmaps], resourcesNames: [app-config], verbs: [get]}
";
/// Of the text `abc`, as FIPS 180-2 has it.
const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ARCHIVES: [&str; 5] = [
    "rolecall-darwin-amd64.tar.gz",
    "rolecall-darwin-arm64.tar.gz",
    "rolecall-linux-amd64.tar.gz",
    "rolecall-linux-arm64.tar.gz",
    "rolecall-windows-amd64.zip",
];

#[test]
fn the_krew_manifest_is_filled_in() {
    let archives = Directory::new();
    for archive in ARCHIVES {
        archives.file(archive, "abc");
    }
    let run = render("1.2.3", &archives.path());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(!run.stdout.contains('@'), "{}", run.stdout);
    let manifest = parse("rolecall.yaml", &run.stdout);
    let text = |path: &[&str]| text_at(&manifest, path);
    assert_eq!(text(&["apiVersion"]), "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(text(&["kind"]), "Plugin");
    assert_eq!(text(&["metadata", "name"]), "rolecall");
    assert_eq!(text(&["spec", "version"]), "v1.2.3");
    let platforms = at(&manifest, &["spec", "platforms"]).as_list().unwrap();
    let mut named: Vec<_> = platforms
        .iter()
        .map(|platform| {
            assert_eq!(text_at(platform, &["sha256"]), SHA256_OF_ABC);
            let os = text_at(platform, &["selector", "matchLabels", "os"]);
            assert_eq!(text_at(platform, &["bin"]) == "rolecall.exe", os == "windows");
            let arch = text_at(platform, &["selector", "matchLabels", "arch"]);
            let uri = text_at(platform, &["uri"]);
            assert!(uri.contains("/v1.2.3/") && uri.contains(&format!("-{os}-{arch}.")), "{uri}");
            uri.rsplit('/').next().unwrap().to_owned()
        })
        .collect();
    named.sort();
    assert_eq!(named, ARCHIVES);
}

#[test]
fn a_krew_manifest_without_an_archive_or_a_version_is_not_made() {
    let archives = Directory::new();
    archives.file(ARCHIVES[2], "abc");
    let run = render("1.2.3", &archives.path());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("there is no archive"), "{}", run.stderr);
    for version in ["v1.2.3", "", "1.2", "1.2.3; true"] {
        assert_eq!(render(version, &archives.path()).code, 2, "{version}");
    }
}

#[test]
fn the_hook_checks_the_folder() {
    let hooks = parse(".pre-commit-hooks.yaml", &read(".pre-commit-hooks.yaml"));
    let [hook] = hooks.as_list().unwrap() else { panic!("one hook") };
    assert_eq!(text_at(hook, &["id"]), "rolecall-check");
    assert_eq!(text_at(hook, &["files"]), format!(r"\.({})$", EXTENSIONS.join("|")));
    let entry: Vec<_> = text_at(hook, &["entry"]).split(' ').collect();
    let arguments = at(hook, &["args"]).as_list().unwrap().iter().map(|argument| argument.as_str().unwrap());
    let [program, words @ ..] = entry.as_slice() else { panic!("an entry") };
    assert_eq!(*program, "rolecall");

    let directory = Directory::new();
    directory.file("a.yaml", cluster_role("a"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.args(words).args(arguments).current_dir(directory.path());
    assert_eq!(run(&mut command).code, 0);
    directory.file("b.yaml", TYPO);
    assert_eq!(run(&mut command).code, 1);
}

#[test]
fn a_package_of_the_command_has_every_page() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--package", "rolecall-cli", "--list", "--allow-dirty", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let packaged = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for folder in ["lints", "findings"] {
        for page in fs::read_dir(root().join("docs").join(folder)).unwrap() {
            let path = format!("pages/{folder}/{}", page.unwrap().file_name().to_str().unwrap());
            assert!(packaged.lines().any(|line| line == path), "{path} is not in:\n{packaged}");
        }
    }
    // What is compiled in comes from nowhere else.
    assert!(!read("crates/cli/src/codes.rs").contains("\"../../"));
}

#[test]
fn the_image_holds_the_command_and_runs_it_as_nobody() {
    let text = read("Containerfile").replace("\\\n", " ");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let last = lines.iter().rposition(|line| line.starts_with("FROM ")).unwrap();
    let (build, image) = lines.split_at(last);
    assert!(build.iter().any(|line| line.contains(concat!("--package ", env!("CARGO_PKG_NAME")))));
    assert!(build.iter().any(|line| line.contains("+crt-static")));
    assert_eq!(image[0], "FROM scratch");
    for line in ["COPY --from=build /rolecall /rolecall", "USER 65532:65532", "ENTRYPOINT [\"/rolecall\"]"] {
        assert!(image.contains(&line), "{line}");
    }
    let copied = image.iter().find_map(|line| line.strip_prefix("COPY LICENSE")).unwrap();
    for licence in format!("LICENSE{copied}").split(' ').filter(|word| !word.starts_with('/')) {
        assert!(root().join(licence).is_file(), "{licence}");
    }
}

fn render(version: &str, archives: &str) -> Run {
    run(Command::new("bash").arg(root().join("packaging/krew/render.sh")).args([version, archives]))
}

pub(crate) fn run(command: &mut Command) -> Run {
    let output = command.env("NO_COLOR", "1").output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The one document of a text.
pub(crate) fn parse(name: &str, text: &str) -> Node {
    let mut sources = SourceMap::new();
    let source = sources.add(name, text);
    let mut documents = Documents::new(&sources, source, &Limits::default());
    let document = documents.next().unwrap().unwrap_or_else(|finding| panic!("{name}: {}", finding.message));
    assert!(documents.next().is_none());
    document.root
}

#[track_caller]
pub(crate) fn at<'a>(node: &'a Node, path: &[&str]) -> &'a Node {
    path.iter().fold(node, |node, key| &node.get(key).unwrap_or_else(|| panic!("no {key}")).value)
}

#[track_caller]
pub(crate) fn text_at<'a>(node: &'a Node, path: &[&str]) -> &'a str {
    at(node, path).as_str().unwrap()
}
