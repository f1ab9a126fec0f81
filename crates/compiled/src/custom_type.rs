//! Resource types that are not Kubernetes' own.

use crate::{
    Malformed,
    wire::{Reader, Writer},
};

/// A resource type that a CustomResourceDefinition among the compiled files defines: what `can-i get widgets` is
/// about has to be known where the files are not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CustomType {
    /// The API group.
    pub group: String,
    /// Its served versions, the preferred one first.
    pub versions: Vec<String>,
    /// The kind.
    pub kind: String,
    /// The plural, which requests and rules use.
    pub plural: String,
    /// The singular.
    pub singular: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

pub(crate) fn encode(types: &[CustomType]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.list(types.iter(), |writer, custom| {
        for text in [&custom.group, &custom.kind, &custom.plural, &custom.singular] {
            writer.text(text);
        }
        for list in [&custom.versions, &custom.short_names] {
            writer.list(list.iter(), |writer, text| writer.text(text));
        }
        writer.flag(custom.namespaced);
    });
    writer.into_bytes()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<CustomType>, Malformed> {
    let mut reader = Reader::new(bytes);
    let types = reader.list(LEAST, |reader| {
        let [group, kind, plural, singular] = [(); 4].map(|()| text(reader));
        let [versions, short_names] = [(); 2].map(|()| reader.list(1, text));
        Ok(CustomType {
            group: group?,
            kind: kind?,
            plural: plural?,
            singular: singular?,
            versions: versions?,
            short_names: short_names?,
            namespaced: reader.flag()?,
        })
    })?;
    reader.end()?;
    Ok(types)
}

/// The fewest bytes of a type: four texts, two lists, a flag.
const LEAST: usize = 7;

fn text(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    reader.text().map(str::to_owned)
}
