//! From a policy set to an engine.

use rolecall_model::{AttributePolicy, Binding, Modes, PolicySet, Role};

use crate::{
    abac::AbacBuilder, engine::Engine, error::CompileError, hashes::Seed, image::ImageWriter,
    rbac::RbacBuilder, vocabulary::VocabularyBuilder,
};

/// How to compile. The defaults are right unless a test wants every path taken, or a file is to be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompileOptions {
    /// How many cells of permission sets may be copied to unite the roles of one subject into one set. What
    /// does not fit stays several sets, which costs a decision a probe for each. `None`: in proportion
    /// to the policy.
    pub merge_budget: Option<usize>,
    /// Up to how many pairs of API group and resource a rule is multiplied out; a wider one is compared as
    /// it stands.
    pub widest_rule: usize,
    /// What the hashes are seeded with. `None`: a random number, anew for each engine.
    ///
    /// Equal policies compiled with equal seeds have equal [images](Engine::image). A seed that is known to
    /// whoever makes names in the policy lets them slow decisions down (never change them); one that is
    /// made from the policy's own content, with a strong hash, does not, since every name that they try changes it.
    pub seed: Option<u64>,
    /// Whether cells of permission sets take two words even where one would do.
    pub wide_cells: bool,
    /// Whether a request probes for all of its groups before it looks at the first find, even where the tables are small
    /// enough for the caches and there is nothing to wait for.
    pub probe_together: bool,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            merge_budget: None,
            widest_rule: 1 << 14,
            seed: None,
            wide_cells: false,
            probe_together: false,
        }
    }
}

impl CompileOptions {
    /// Options that never unite permission sets and multiply no rule out: the paths of last resort, taken
    /// always.
    pub fn frugal() -> Self {
        Self {
            merge_budget: Some(0),
            widest_rule: 0,
            wide_cells: true,
            probe_together: true,
            ..Self::default()
        }
    }

    /// The same with this seed.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }
}

impl Engine {
    /// Compiles a policy set. Cost: O(n log n) in the policy's entries.
    ///
    /// # Errors
    ///
    /// When the policy has more of something than the tables can number.
    pub fn compile(policies: &PolicySet) -> Result<Self, CompileError> {
        Self::compile_with(policies, &CompileOptions::default())
    }

    /// Compiles a policy set, with options. They change cost, never an answer.
    ///
    /// # Errors
    ///
    /// As [`Engine::compile`].
    pub fn compile_with(policies: &PolicySet, options: &CompileOptions) -> Result<Self, CompileError> {
        Self::compile_objects(
            policies.roles().iter(),
            policies.bindings().iter(),
            policies.attribute_policies(),
            &policies.modes(),
            options,
        )
    }

    /// Compiles roles and bindings from wherever they are kept, each of them the only one of its namespace and name.
    /// What answers name are their positions.
    ///
    /// # Errors
    ///
    /// As [`Engine::compile`].
    pub fn compile_objects<'p>(
        roles: impl ExactSizeIterator<Item = &'p Role>,
        bindings: impl ExactSizeIterator<Item = &'p Binding> + Clone,
        attribute_policies: &[AttributePolicy],
        modes: &Modes,
        options: &CompileOptions,
    ) -> Result<Self, CompileError> {
        let seed = options.seed.map_or_else(Seed::random, Seed);
        let expected = bindings.len() + attribute_policies.len();
        let mut vocabulary = VocabularyBuilder::new(seed, expected);
        let rbac = RbacBuilder::lower(roles, bindings, options, &mut vocabulary)?;
        Self::assemble(rbac, attribute_policies, modes, options, vocabulary)
    }

    /// The engine of what was lowered so far, and of these ABAC lines.
    pub(crate) fn assemble(
        rbac: RbacBuilder,
        attribute_policies: &[AttributePolicy],
        modes: &Modes,
        options: &CompileOptions,
        mut vocabulary: VocabularyBuilder,
    ) -> Result<Self, CompileError> {
        let abac = AbacBuilder::lower(attribute_policies, options, &mut vocabulary)?;
        let mut writer = ImageWriter::default();
        vocabulary.write(&mut writer);
        writer
            .section(&modes.as_slice().iter().copied().map(crate::engine::mode_number).collect::<Vec<u32>>());
        rbac.write(&vocabulary, &mut writer)?;
        abac.write(&vocabulary, &mut writer)?;
        Ok(Self::of_own_image(writer.finish())?)
    }
}
