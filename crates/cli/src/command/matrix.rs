//! `rolecall matrix`: what everybody can do, subject by subject.

use std::io::Write;

use clap::{Args, ValueEnum};
use rolecall::{PolicySet, diagnostics::print::printable_json};
use rolecall_analysis::{
    Holder,
    access_matrix::{Access, AccessMatrix, holders},
    explain::GrantIndex,
};
use serde_json::json;

use crate::{
    access, csv,
    exit::{ExitStatus, Failure},
    invocation, objects,
    policy::{PolicyArguments, count},
    terminal::Terminal,
};

/// Print what every user, group and service account of a policy can do, for spreadsheets and programs.
///
/// Each subject has what is given to itself: what a user has through a group stands in the rows of the group.
/// Kubernetes' own components are left out (--all shows them). The output is written as it is made.
#[derive(Args, Debug)]
#[command(
    override_usage = invocation::line("matrix -f PATH... [OPTIONS]"),
    after_help = "Exit codes: 0 printed; 2 it could not be answered."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,

    /// Only what counts in this namespace; every namespace if not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Print Kubernetes' own components as well.
    #[arg(long)]
    all: bool,

    /// How to print: a record for each row, or an array with an element for each subject.
    #[arg(short, long, value_name = "FORMAT", default_value = "csv")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Json,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<ExitStatus, Failure> {
    let engine = arguments.policy.open(terminal)?;
    let policies = engine.policies();
    let index = GrantIndex::of(policies.model());
    let namespace = arguments.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    let mut hidden = 0;
    let mut printer = Printer::begin(arguments.output, terminal)?;
    for holder in holders(policies.model()) {
        let mut access = of_holder(policies, &index, &holder);
        if !arguments.all && holder.members().is_none() {
            let before = access.given.len();
            access.given.retain(|given| !access::is_default(policies, given));
            hidden += usize::from(before > 0 && access.given.is_empty());
        }
        let matrix = AccessMatrix::of(policies.model(), &access.given, namespace);
        if !matrix.rows.is_empty() {
            printer.subject(policies, &holder, &matrix)?;
        }
    }
    printer.end()?;
    terminal.flush()?;
    if hidden > 0 {
        terminal.note(&format!(
            "Kubernetes' own components are left out: {} (--all shows them)",
            count(hidden, "subject", "subjects")
        ));
    }
    Ok(ExitStatus::Yes)
}

/// What is given to a subject itself.
fn of_holder<'p>(policies: &'p PolicySet, index: &GrantIndex, holder: &Holder<'p>) -> Access<'p> {
    let (user, group) = holder.user_and_group();
    let groups: Vec<_> = group.into_iter().collect();
    let mut access = Access::of(policies.model(), index, &user, &groups);
    // A user in a group has both; everybody's is everybody's. Two ways to say one service account are one user.
    access
        .given
        .retain(|given| given.holder == *holder || given.holder.user_and_group() == (user.clone(), group));
    access
}

/// Writes subjects one after the other.
struct Printer<'t> {
    terminal: &'t mut Terminal,
    output: Format,
    is_first: bool,
}

impl<'t> Printer<'t> {
    fn begin(output: Format, terminal: &'t mut Terminal) -> Result<Self, Failure> {
        if matches!(output, Format::Csv) {
            let head = ["subject_kind", "subject_namespace", "subject"];
            let head: Vec<_> = head.into_iter().chain(access::RECORD_HEAD).collect();
            terminal.answers().write_all(csv::record(&head).as_bytes())?;
        }
        Ok(Self { terminal, output, is_first: true })
    }

    fn subject(
        &mut self,
        policies: &PolicySet,
        holder: &Holder<'_>,
        matrix: &AccessMatrix<'_>,
    ) -> Result<(), Failure> {
        match self.output {
            Format::Csv => {
                for row in &matrix.rows {
                    let fields = objects::holder_fields(holder);
                    let fields: Vec<_> =
                        fields.into_iter().chain(access::row_fields(policies, row)).collect();
                    self.terminal.answers().write_all(csv::record(&fields).as_bytes())?;
                }
            }
            Format::Json => {
                let value = json!({
                    "subject": objects::holder_json(holder),
                    "rows": access::rows_json(policies, matrix),
                });
                let between = if self.is_first { "[\n" } else { ",\n" };
                write!(self.terminal.answers(), "{between}{}", printable_json(&value.to_string()))?;
            }
        }
        self.is_first = false;
        Ok(())
    }

    fn end(self) -> Result<(), Failure> {
        if matches!(self.output, Format::Json) {
            let end = if self.is_first { "[]\n" } else { "\n]\n" };
            write!(self.terminal.answers(), "{end}")?;
        }
        Ok(())
    }
}
