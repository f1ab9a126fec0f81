//! What the command is called here: `rolecall`, or `kubectl rolecall` where it is kubectl's plugin.
//!
//! kubectl runs whatever is called `kubectl-NAME` on the search path as `kubectl NAME`, with all arguments.
//! What help and messages tell people to type has to work for them as it stands.

use std::{ffi::OsStr, path::Path};

/// What people type to run this command.
pub(crate) fn name() -> &'static str {
    std::env::args_os().next().map_or(ROLECALL, |program| name_of(&program))
}

/// A command line of this command: `can-i -h` becomes `rolecall can-i -h`, or kubectl's form of it.
pub(crate) fn line(arguments: &str) -> String {
    format!("{} {arguments}", name())
}

fn name_of(program: &OsStr) -> &'static str {
    // Without the ending, since on Windows plugins are called `kubectl-rolecall.exe`.
    if Path::new(program).file_stem() == Some(OsStr::new(PLUGIN_FILE)) { PLUGIN } else { ROLECALL }
}

const ROLECALL: &str = "rolecall";
const PLUGIN: &str = "kubectl rolecall";
const PLUGIN_FILE: &str = "kubectl-rolecall";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectl_calls_its_plugin_by_a_longer_name() {
        for (program, name) in [
            ("rolecall", "rolecall"),
            ("/usr/local/bin/rolecall", "rolecall"),
            ("/home/jane/.krew/bin/kubectl-rolecall", "kubectl rolecall"),
            ("kubectl-rolecall.exe", "kubectl rolecall"),
            ("/opt/kubectl-rolecall/rolecall", "rolecall"),
            ("", "rolecall"),
        ] {
            assert_eq!(name_of(OsStr::new(program)), name, "{program}");
        }
    }
}
