//! `rolecall inspect`: what a policy is made of, and where its bytes go.

use std::{fmt::Write as _, io::Write as _, path::PathBuf};

use clap::{Args, ValueEnum};
use rolecall::{
    TableUsage,
    compiled::{About, CompiledFile, FORMAT_VERSION, SectionKind},
    diagnostics::print::{printable, printable_json},
};
use rolecall_analysis::{GrantScope, Width, widest};
use serde_json::{Map, Value, json};

use crate::{
    command::verify::grouped,
    exit::{ExitStatus, Failure},
    objects,
    policy::{Opened, PolicyArguments},
    table::table,
    terminal::Terminal,
};

/// Show what a policy is made of: counts, sizes, where the bytes go, and who is given most.
///
/// Of a compiled policy it shows the file too, and checks it as every command does.
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 shown; 2 the policy could not be loaded.")]
pub(crate) struct Arguments {
    /// A compiled policy, or the same as -f.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    policy: PolicyArguments,

    /// How many of the widest permission sets to show: those with the most entries when their rules are multiplied
    /// out, where a wildcard is one entry.
    #[arg(long, value_name = "N", default_value_t = 5)]
    widest: usize,

    /// How to print.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For programs; docs/schemas/inspect.schema.json describes it.
    Json,
    /// For people.
    Table,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let mut policy = arguments.policy.clone();
    policy.filename.splice(..0, arguments.paths.iter().cloned());
    let (opened, file) = policy.open_with_file(terminal)?;
    let facts = Facts::of(&opened, file.as_ref(), policy.compiled.verifies(), arguments.widest);
    match arguments.output {
        Format::Json => {
            let json = format!("{:#}", facts.json());
            writeln!(terminal.answers(), "{}", printable_json(&json))?;
        }
        Format::Table => facts.print(terminal)?,
    }
    Ok(ExitStatus::Yes)
}

/// What is known of a policy.
struct Facts<'p> {
    about: About,
    file: Option<&'p CompiledFile>,
    /// Whether the file's signature was compared with a key.
    verified: bool,
    table_bytes: usize,
    tables: Vec<TableUsage>,
    /// Not known of a stripped policy.
    widest: Option<Vec<Width<'p>>>,
}

impl<'p> Facts<'p> {
    fn of(opened: &'p Opened, file: Option<&'p CompiledFile>, verified: bool, count: usize) -> Self {
        let (about, table_bytes, tables, widest) = match opened {
            Opened::Stripped(policy) => {
                (policy.file().about().clone(), policy.table_bytes(), policy.usage(), None)
            }
            Opened::Whole(engine) => {
                let widest = widest(engine.policies().model(), count);
                (engine.about(), engine.table_bytes(), engine.usage(), Some(widest))
            }
        };
        Self { about, file, verified, table_bytes, tables, widest }
    }

    fn bytes_a_binding(&self) -> Option<f64> {
        let bindings = self.about.all_bindings();
        #[expect(clippy::cast_precision_loss, reason = "one decimal place is shown, and both are below 2^52")]
        (bindings > 0).then(|| (self.table_bytes as f64 / bindings as f64 * 10.0).round() / 10.0)
    }

    fn print(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        for line in self.lines() {
            terminal.answer(&line)?;
        }
        if let Some(file) = self.file {
            let rows = file.sections().map(|(kind, bytes)| [kind.to_string(), grouped(bytes as u64)]);
            print_table(["SECTION", "BYTES"], rows, terminal)?;
        }
        let rows = self.tables.iter().map(|usage| {
            let entries = if usage.entries == 0 { String::new() } else { grouped(usage.entries as u64) };
            [usage.table.to_owned(), grouped(usage.bytes as u64), entries]
        });
        print_table(["TABLE", "BYTES", "ENTRIES"], rows, terminal)?;
        let Some(widest) = self.widest.as_ref().filter(|widest| !widest.is_empty()) else { return Ok(()) };
        let rows = widest.iter().map(|width| {
            let counts = [width.roles, width.rules, width.entries].map(|count| grouped(count as u64));
            let [roles, rules, entries] = counts;
            [width.holder.to_string(), scope(width.scope).to_owned(), roles, rules, entries]
        });
        print_table(["WIDEST", "NAMESPACE", "ROLES", "RULES", "ENTRIES"], rows, terminal)
    }

    /// What is said before the tables.
    fn lines(&self) -> Vec<String> {
        let About { roles, cluster_roles, role_bindings, cluster_role_bindings, .. } = self.about;
        let About { rules, subjects, attribute_policies, files, .. } = self.about;
        let number = |count: u64, one: &str, many: &str| {
            format!("{} {}", grouped(count), if count == 1 { one } else { many })
        };
        let mut lines = vec![
            format!("modes      {}", self.about.modes),
            format!(
                "roles      {}, {}, with {}",
                number(cluster_roles, "ClusterRole", "ClusterRoles"),
                number(roles, "Role", "Roles"),
                number(rules, "rule", "rules")
            ),
            format!(
                "bindings   {}, {}, with {}",
                number(cluster_role_bindings, "ClusterRoleBinding", "ClusterRoleBindings"),
                number(role_bindings, "RoleBinding", "RoleBindings"),
                number(subjects, "subject", "subjects")
            ),
        ];
        if attribute_policies > 0 {
            lines.push(format!("ABAC       {}", number(attribute_policies, "policy", "policies")));
        }
        lines.push(format!("made of    {}", number(files, "file", "files")));
        if let Some(file) = self.file {
            let length = number(file.length() as u64, "byte", "bytes");
            let version = &self.about.version;
            lines.push(format!(
                "file       {length}, format {FORMAT_VERSION}, compiled by rolecall {version}"
            ));
            lines.push(format!("signature  {}", self.signature(file)));
            lines.push(format!("checksum   {}", hexadecimal(&file.checksum())));
        }
        let of_binding = self.bytes_a_binding().map(|bytes| format!(", {bytes:.1} a binding"));
        let bytes = number(self.table_bytes as u64, "byte", "bytes");
        lines.push(format!("tables     {bytes}{}", of_binding.unwrap_or_default()));
        lines
    }

    fn signature(&self, file: &CompiledFile) -> &'static str {
        match (file.is_signed(), self.verified) {
            (true, true) => "that of the key",
            (true, false) => "there is one, which was not verified (--verify-key)",
            (false, _) => "none",
        }
    }

    fn json(&self) -> Value {
        let About { roles, cluster_roles, role_bindings, cluster_role_bindings, .. } = self.about;
        let About { rules, subjects, attribute_policies, files, .. } = self.about;
        let mut value = json!({
            "modes": self.about.modes.split(',').collect::<Vec<_>>(),
            "clusterRoles": cluster_roles,
            "roles": roles,
            "rules": rules,
            "clusterRoleBindings": cluster_role_bindings,
            "roleBindings": role_bindings,
            "subjects": subjects,
            "abacPolicies": attribute_policies,
            "files": files,
            "tables": self.tables_json(),
        });
        if let Value::Object(fields) = &mut value {
            if let Some(file) = self.file {
                let section =
                    |(kind, bytes): (SectionKind, usize)| json!({"name": kind.to_string(), "bytes": bytes});
                let file = json!({
                    "bytes": file.length(),
                    "format": FORMAT_VERSION,
                    "version": self.about.version,
                    "checksum": hexadecimal(&file.checksum()),
                    "signed": file.is_signed(),
                    "verified": file.is_signed() && self.verified,
                    "sections": file.sections().map(section).collect::<Vec<_>>(),
                });
                fields.insert("file".to_owned(), file);
            }
            if let Some(widest) = &self.widest {
                fields.insert("widest".to_owned(), widest.iter().map(width_json).collect());
            }
        }
        value
    }

    fn tables_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("bytes".to_owned(), self.table_bytes.into());
        if let Some(bytes) = self.bytes_a_binding() {
            fields.insert("bytesPerBinding".to_owned(), bytes.into());
        }
        fields.insert("parts".to_owned(), self.tables.iter().map(table_json).collect());
        Value::Object(fields)
    }
}

fn table_json(usage: &TableUsage) -> Value {
    let mut value = json!({"name": usage.table, "bytes": usage.bytes});
    if let Value::Object(fields) = &mut value
        && usage.entries > 0
    {
        fields.insert("entries".to_owned(), usage.entries.into());
    }
    value
}

fn width_json(width: &Width<'_>) -> Value {
    json!({
        "subject": objects::holder_json(&width.holder),
        "namespace": scope(width.scope),
        "roles": width.roles,
        "rules": width.rules,
        "entries": width.entries,
    })
}

fn scope(scope: GrantScope<'_>) -> &str {
    match scope {
        GrantScope::Everywhere => "*",
        // Nothing that a binding gives counts in cluster scope alone.
        GrantScope::Cluster => "",
        GrantScope::Namespace(namespace) => namespace,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn print_table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows.map(|row| row.map(|cell| printable(&cell).into_owned())));
    write!(terminal.answers(), "\n{}", table(&all))?;
    Ok(())
}
