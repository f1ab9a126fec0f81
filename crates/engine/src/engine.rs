//! An engine: an image of tables and the view of it that answers.

use std::{fmt, sync::Arc};

use rolecall_model::{Authorizer, Decision, Determination, Mode, Request, RuleListing};

use crate::{
    abac::AbacTables,
    error::ImageError,
    image::{ImageBytes, ImageReader},
    modes::{self, Policies, is_superuser},
    rbac::RbacTables,
    vocabulary::Vocabulary,
};

/// A policy set compiled to decision tables.
///
/// It is `Send`, `Sync` and never changes; a decision allocates nothing and takes no lock. Clones share the tables. What
/// its answers name are indexes into the policy set that it was compiled from.
#[derive(Clone)]
pub struct Engine(Arc<EngineCell>);

self_cell::self_cell!(
    struct EngineCell {
        owner: ImageBytes,
        #[covariant]
        dependent: Tables,
    }
);

/// All tables, as slices of the image.
#[derive(Debug)]
pub(crate) struct Tables<'a> {
    pub(crate) vocabulary: Vocabulary<'a>,
    modes: Vec<Mode>,
    pub(crate) rbac: RbacTables<'a>,
    pub(crate) abac: AbacTables<'a>,
}

impl<'a> Tables<'a> {
    fn read(image: &'a [u8]) -> Result<Self, ImageError> {
        let mut reader = ImageReader::open(image)?;
        let vocabulary = Vocabulary::read(&mut reader)?;
        let modes = reader.section()?.iter().map(|&number| mode(number)).collect::<Result<_, _>>()?;
        let rbac = RbacTables::read(&mut reader, &vocabulary)?;
        let abac = AbacTables::read(&mut reader, &vocabulary)?;
        reader.finish()?;
        Ok(Self { vocabulary, modes, rbac, abac })
    }

    /// That every number in every table leads somewhere.
    fn check(&self) -> Result<(), ImageError> {
        let texts = self.vocabulary.check()?;
        let namespaces = self.vocabulary.namespace_count();
        self.rbac.check(&texts, namespaces)?;
        self.abac.check(&texts, namespaces)
    }
}

impl<'a> Tables<'a> {
    #[inline]
    pub(crate) fn modes(&self) -> &[Mode] {
        &self.modes
    }

    #[inline]
    pub(crate) fn rbac(&self) -> &RbacTables<'a> {
        &self.rbac
    }

    #[inline]
    pub(crate) fn abac(&self) -> &AbacTables<'a> {
        &self.abac
    }
}

/// What one kind of table of an engine takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TableUsage {
    /// What the table holds.
    pub table: &'static str,
    /// How many bytes.
    pub bytes: usize,
    /// How many entries; 0 where they are not counted.
    pub entries: usize,
    /// How many places, or lines of eight, the longest look-up of anything in it goes through; 0 where nothing is
    /// looked up. Hashes are seeded, so that it grows as the logarithm of the entries, whatever their names.
    pub longest_probe: usize,
}

impl Engine {
    /// An engine over an image that was just made, whose numbers need no check.
    pub(crate) fn of_own_image(image: ImageBytes) -> Result<Self, ImageError> {
        let cell = EngineCell::try_new(image, |image| Tables::read(image))?;
        debug_assert_eq!(cell.borrow_dependent().check(), Ok(()));
        Ok(Self(Arc::new(cell)))
    }

    /// Opens an image that [`Engine::image`] gave, from wherever it is kept: a buffer, a mapped file.
    ///
    /// Every number in every table is checked before anything is decided, so that bytes that are no image, or a damaged
    /// one, are refused; but an image says itself what is allowed: take none from where you would not take a
    /// policy. Bytes that do not begin at a multiple of 64 are copied. Cost: O(n) in the bytes.
    ///
    /// # Errors
    ///
    /// When the bytes are no image, one of another layout or byte order, or damaged.
    pub fn from_image(image: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self, ImageError> {
        let cell = EngineCell::try_new(ImageBytes::new(Box::new(image)), |image| {
            let tables = Tables::read(image)?;
            tables.check()?;
            Ok(tables)
        })?;
        Ok(Self(Arc::new(cell)))
    }

    /// The tables as bytes, which [`Engine::from_image`] opens on machines of the same byte order.
    pub fn image(&self) -> &[u8] {
        self.0.borrow_owner()
    }

    /// Decides requests in their order, each as [`Authorizer::authorize`] does. `decided` gets the place of each request and
    /// its decision.
    pub fn authorize_batch(&self, requests: &[Request<'_>], mut decided: impl FnMut(usize, Decision)) {
        // To read the lines of sixteen requests before the first is decided, with and without what these lead to, did not
        // pay from 10² to 10⁶ bindings (`benches/README.md`): within a request all lines are read together already.
        for (place, request) in requests.iter().enumerate() {
            decided(place, self.authorize(request));
        }
    }

    /// The bytes that the tables take.
    pub fn table_bytes(&self) -> usize {
        self.image().len()
    }

    /// How the bytes are spread over the tables, and how long their look-ups are. Cost: O(n) in the bytes.
    pub fn usage(&self) -> Vec<TableUsage> {
        let tables = self.tables();
        let vocabulary = &tables.vocabulary;
        let mut usage = vec![
            TableUsage { table: "strings", bytes: vocabulary.text_bytes(), entries: 0, longest_probe: 0 },
            TableUsage {
                table: "numbers of strings",
                bytes: vocabulary.symbol_bytes(),
                entries: 0,
                longest_probe: vocabulary.longest_probe(),
            },
        ];
        for (table, bytes, entries) in
            tables.rbac.tables().usage().into_iter().chain(tables.abac.tables().usage())
        {
            match usage.iter_mut().find(|known| known.table == table) {
                Some(known) => {
                    known.bytes += bytes;
                    known.entries += entries;
                }
                None => usage.push(TableUsage { table, bytes, entries, longest_probe: 0 }),
            }
        }
        let probes =
            [tables.rbac.tables(), tables.abac.tables()].map(|tables| tables.longest_probes(vocabulary));
        for (table, longest) in probes.into_iter().flatten() {
            for known in usage.iter_mut().filter(|known| known.table == table) {
                known.longest_probe = known.longest_probe.max(longest);
            }
        }
        usage
    }

    /// How many patterns of resources and paths the widest permission set has a word on.
    pub fn widest_permission_set(&self) -> usize {
        let tables = self.tables();
        tables.rbac.tables().widest_set().max(tables.abac.tables().widest_set())
    }

    /// Whether this is the other engine, or a clone of it.
    #[inline]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    #[inline]
    pub(crate) fn tables(&self) -> &Tables<'_> {
        self.0.borrow_dependent()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine({} bytes)", self.table_bytes())
    }
}

impl Authorizer for Engine {
    #[inline]
    fn authorize(&self, request: &Request<'_>) -> Decision {
        let tables = self.tables();
        modes::authorize(&tables.modes, is_superuser(&request.groups), |policies| match policies {
            Policies::Abac => tables.abac.permit(&tables.vocabulary, request),
            Policies::Rbac => tables.rbac.permit(&tables.vocabulary, request),
        })
    }

    fn determine(&self, request: &Request<'_>) -> Determination {
        let tables = self.tables();
        modes::determine(&tables.modes, is_superuser(&request.groups), |policies| match policies {
            Policies::Abac => tables.abac.determine(&tables.vocabulary, request).ok_or_else(Vec::new),
            Policies::Rbac => tables.rbac.determine(&tables.vocabulary, request),
        })
    }

    fn rules_for(&self, user: &str, groups: &[&str], namespace: &str) -> RuleListing {
        let tables = self.tables();
        modes::rules(&tables.modes, |policies, listing| match policies {
            Policies::Abac => tables.abac.list(&tables.vocabulary, user, groups, namespace, listing),
            Policies::Rbac => tables.rbac.list(&tables.vocabulary, user, groups, namespace, listing),
        })
    }
}

/// The number of a mode in an image.
pub(crate) fn mode_number(mode: Mode) -> u32 {
    match mode {
        Mode::Abac => 0,
        Mode::AlwaysAllow => 1,
        Mode::AlwaysDeny => 2,
        Mode::Rbac => 3,
    }
}

fn mode(number: u32) -> Result<Mode, ImageError> {
    [Mode::Abac, Mode::AlwaysAllow, Mode::AlwaysDeny, Mode::Rbac]
        .into_iter()
        .find(|&mode| mode_number(mode) == number)
        .ok_or(ImageError::Damaged { what: "a mode is none that there is" })
}
