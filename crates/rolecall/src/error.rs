//! Why there is no policy set.

use rolecall_model::TooManyObjects;

/// Why a policy set could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file has an error.
    #[cfg(feature = "kubernetes")]
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There are too many objects of a kind.
    #[error(transparent)]
    TooManyObjects(#[from] TooManyObjects),
    /// Aggregated ClusterRoles ask for more than can be kept.
    #[cfg(feature = "kubernetes")]
    #[error(transparent)]
    TooManyRules(#[from] rolecall_kubernetes::aggregation::TooManyRules),
}

/// Files with at least one error: never half a policy.
#[cfg(feature = "kubernetes")]
#[derive(Debug)]
pub struct Refused {
    // Boxed since an error should not weigh on the good case.
    report: Box<(rolecall_source::SourceMap, Vec<rolecall_diagnostics::Finding>)>,
}

#[cfg(feature = "kubernetes")]
impl Refused {
    pub(crate) fn new(
        sources: rolecall_source::SourceMap,
        findings: Vec<rolecall_diagnostics::Finding>,
    ) -> Self {
        Self { report: Box::new((sources, findings)) }
    }

    /// Everything that was found in all files, warnings too.
    pub fn findings(&self) -> &[rolecall_diagnostics::Finding] {
        &self.report.1
    }

    /// The texts into which the findings point.
    pub fn sources(&self) -> &rolecall_source::SourceMap {
        &self.report.0
    }
}

/// The first error with its place, and how many more there are.
#[cfg(feature = "kubernetes")]
impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut errors = self
            .findings()
            .iter()
            .filter(|finding| finding.severity == rolecall_diagnostics::Severity::Error);
        let Some(first) = errors.next() else { return f.write_str("the policy could not be loaded") };
        match (first.span(), &first.file) {
            (Some(span), _) => write!(f, "{}: {}", self.sources().location(span), first.message)?,
            (None, Some(file)) => write!(f, "{file}: {}", first.message)?,
            (None, None) => f.write_str(&first.message)?,
        }
        match errors.count() {
            0 => Ok(()),
            1 => f.write_str(" (and one more error)"),
            more => write!(f, " (and {more} more errors)"),
        }
    }
}

#[cfg(feature = "kubernetes")]
impl std::error::Error for Refused {}
