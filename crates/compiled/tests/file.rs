//! Compiled files: what is written is read, and what was changed is refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod samples;

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use rolecall_compiled::{
    About, CompiledFile, Contents, CustomType, Damage, FileError, FileImage, SectionKind, SigningKey,
    VerifyingKey, is_compiled, write_file,
};
use rolecall_model::{PolicySet, Rule};
use rolecall_source::SourceMap;
use samples::{Sample, change, changes, samples};

// Made with `openssl genpkey -algorithm ed25519`, for these tests alone.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIGvzqs6IMHzSRfYfHf3oRaxNhvwP+ZVtoqGy+OEs7gug\n-----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA9yKsvTOaSLQYDUe6wtrTeornOkAtFZmy/5oGIoy6nYE=\n-----END PUBLIC KEY-----\n";
const OTHER_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAvE/T1RIT3YQTTrJ3bSxqypYCgCzNmF8QajJ2LIMSeBM=\n-----END PUBLIC KEY-----\n";

/// Puts the checksum of the content into a file, as somebody would who means ill. Written from the drawing of the
/// layout, not with its code.
fn reseal(bytes: &mut [u8]) {
    if bytes.len() < 128 {
        return;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..32]).update(&bytes[128..]);
    bytes[32..64].copy_from_slice(hasher.finalize().as_bytes());
}

/// Likewise, with magic, version, and length.
fn reseal_whole(bytes: &mut [u8]) {
    if bytes.len() < 128 {
        return;
    }
    let length = bytes.len() as u64;
    bytes[..12].copy_from_slice(b"\x89rcb\r\n\x1a\n\x01\0\0\0");
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    bytes[24..32].fill(0);
    reseal(bytes);
}

fn small() -> Sample {
    let mut sources = SourceMap::new();
    sources.add("a.yaml", "kind: Role\n");
    let policies = PolicySet::builder()
        .cluster_role("viewer", [Rule::resources(["get"], [""], ["pods"])])
        .build()
        .unwrap();
    Sample { policies, sources }
}

/// What `FileImage` makes of a policy.
fn written(sample: &Sample, tables: &[u8], with_model: bool) -> Vec<u8> {
    let about = About::of(&sample.policies, &sample.sources, "0.0.0");
    let model = with_model.then_some((&sample.policies, &sample.sources));
    FileImage::new(&Contents { about: &about, types: &[], tables, model }, None).to_bytes()
}

/// Reads everything that is in a file.
fn read_all(bytes: &[u8]) -> Result<(), FileError> {
    let file = CompiledFile::from_bytes(bytes, None)?;
    let tables = file.tables();
    assert_eq!(tables.as_ref().as_ptr().addr() % 64, 0);
    file.types()?;
    file.model()?;
    Ok(())
}

fn code(bytes: &[u8]) -> &'static str {
    read_all(bytes).unwrap_err().code()
}

proptest! {
    #[test]
    fn what_is_written_is_read(sample in samples(), tables: Vec<u8>, with_model: bool) {
        let bytes = written(&sample, &tables, with_model);
        prop_assert_eq!(&bytes, &written(&sample, &tables, with_model));
        prop_assert!(is_compiled(&bytes));
        let file = CompiledFile::from_bytes(&bytes, None).unwrap();
        let section = file.tables();
        prop_assert_eq!(section.as_ref(), tables.as_slice());
        prop_assert_eq!(file.length(), bytes.len());
        prop_assert_eq!(file.about().all_roles(), sample.policies.roles().len() as u64);
        prop_assert_eq!(file.has_model(), with_model);
        match file.model() {
            Ok(model) => prop_assert_eq!(model.policies, sample.policies),
            Err(error) => prop_assert_eq!((error.code(), with_model), ("compiled-stripped", false)),
        }
    }

    #[test]
    fn changed_bytes_are_refused(sample in samples(), changes in changes()) {
        let original = written(&sample, b"tables", true);
        let mut bytes = original.clone();
        change(&mut bytes, &changes);
        prop_assume!(bytes != original);
        // Bytes of the signature's place alone make it a signature of somebody, which nobody asks for here.
        if original.len() != bytes.len() || original[..64] != bytes[..64] || original[128..] != bytes[128..] {
            prop_assert!(CompiledFile::from_bytes(&bytes, None).is_err());
        }
        prop_assert!(CompiledFile::from_bytes(&bytes, Some(&VerifyingKey::from_pem(PUBLIC).unwrap())).is_err());
    }

    #[test]
    fn with_a_new_checksum_changed_bytes_give_an_error_or_a_policy(
        sample in samples(),
        changes in changes(),
        whole: bool,
    ) {
        let mut bytes = written(&sample, b"tables", true);
        change(&mut bytes, &changes);
        if whole { reseal_whole(&mut bytes) } else { reseal(&mut bytes) }
        let allocated = allocation_counter::measure(|| {
            let _ = read_all(&bytes);
        });
        prop_assert!(allocated.bytes_max <= 160 * bytes.len() as u64 + 4096, "{}", allocated.bytes_max);
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = written(&small(), b"tables", true);
    for length in 0..bytes.len() {
        let expected = if length < 8 { "compiled-foreign" } else { "compiled-damaged" };
        assert_eq!(code(&bytes[..length]), expected, "{length}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let bytes = written(&small(), b"tables", true);
    for place in (0..bytes.len()).filter(|place| !(64..128).contains(place)) {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            assert!(CompiledFile::from_bytes(&flipped, None).is_err(), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn each_refusal_says_what_it_is() {
    let bytes = written(&small(), b"tables", true);
    assert_eq!(read_all(&bytes).map_err(|error| error.code()), Ok(()));
    assert_eq!(code(b"kind: Role\n"), "compiled-foreign");
    assert_eq!(code(b""), "compiled-foreign");

    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(matches!(read_all(&newer), Err(FileError::OtherFormat { found: 2 })));

    let mut longer = bytes.clone();
    longer.push(b'x');
    let length = bytes.len() as u64;
    let error = read_all(&longer).unwrap_err();
    assert!(
        matches!(error, FileError::Damaged(Damage::Length { written, .. }) if written == length),
        "{error}"
    );
    let text = format!("this compiled policy is damaged: something follows its {length} bytes");
    assert_eq!(error.to_string(), text);

    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(matches!(read_all(&damaged), Err(FileError::Damaged(Damage::Checksum))));
    // With the checksum made to fit, the model itself is found out.
    let mut damaged = bytes.clone();
    damaged.extend([0; 3]);
    let entry = 128 + 3 * 24 + 16;
    let model = u64::from_le_bytes(damaged[entry..entry + 8].try_into().unwrap());
    damaged[entry..entry + 8].copy_from_slice(&(model + 3).to_le_bytes());
    reseal_whole(&mut damaged);
    let error = read_all(&damaged).unwrap_err();
    assert!(matches!(error, FileError::Damaged(Damage::Section(SectionKind::Model, _))), "{error}");
}

#[test]
fn a_model_of_another_policy_is_refused() {
    let Sample { policies, sources } = small();
    let mut about = About::of(&policies, &sources, "0.0.0");
    about.rules += 1;
    let contents = Contents { about: &about, types: &[], tables: b"", model: Some((&policies, &sources)) };
    let bytes = FileImage::new(&contents, None).to_bytes();
    assert_eq!(code(&bytes), "compiled-damaged");
}

#[test]
fn only_the_signature_of_the_key_opens() {
    let Sample { policies, sources } = small();
    let about = About::of(&policies, &sources, "0.0.0");
    let custom =
        CustomType { plural: "widgets".into(), versions: vec!["v1".into()], ..CustomType::default() };
    let types = [custom];
    let contents = Contents { about: &about, types: &types, tables: b"x", model: None };
    let key = SigningKey::from_pem(PRIVATE).unwrap();
    let [right, wrong] = [PUBLIC, OTHER_PUBLIC].map(|pem| VerifyingKey::from_pem(pem).unwrap());
    let signed = FileImage::new(&contents, Some(&key)).to_bytes();
    assert_eq!(signed, FileImage::new(&contents, Some(&key)).to_bytes());

    let file = CompiledFile::from_bytes(&signed, Some(&right)).unwrap();
    assert!(file.is_signed());
    assert_eq!(file.types().unwrap(), types);
    assert!(CompiledFile::from_bytes(&signed, None).is_ok());
    let code = |bytes: &[u8], key| CompiledFile::from_bytes(bytes, Some(key)).unwrap_err().code();
    assert_eq!(code(&signed, &wrong), "compiled-signature");
    let unsigned = FileImage::new(&contents, None).to_bytes();
    assert_eq!(code(&unsigned, &right), "compiled-unsigned");
    // Somebody else's content under this signature, with a checksum that fits.
    let mut changed = signed.clone();
    *changed.last_mut().unwrap() = b'y';
    reseal(&mut changed);
    assert!(CompiledFile::from_bytes(&changed, None).is_ok());
    assert_eq!(code(&changed, &right), "compiled-signature");
}

#[test]
fn files_are_read_and_mapped() {
    let directory = std::env::temp_dir().join(format!("rolecall-compiled-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = |name: &str| -> PathBuf { directory.join(name) };
    let bytes = written(&small(), &[7; 10_000], true);
    let good = path("good.rcb");
    write_file(&good, |out| out.write_all(&bytes)).unwrap();
    for file in [CompiledFile::read(&good, None), CompiledFile::map(&good, None)] {
        let file = file.unwrap();
        let tables = file.tables();
        assert_eq!(tables.as_ref(), [7; 10_000]);
        assert_eq!(tables.as_ref().as_ptr().addr() % 64, 0);
        assert!(file.model().is_ok());
    }
    let streamed = CompiledFile::read_stream(bytes.as_slice(), None).unwrap();
    assert_eq!(streamed.tables().as_ref().as_ptr().addr() % 64, 0);

    // A mapping keeps the file that it was made of when another takes its place.
    let mapped = CompiledFile::map(&good, None).unwrap();
    write_file(&good, |out| out.write_all(b"other")).unwrap();
    assert_eq!(mapped.tables().as_ref(), [7; 10_000]);

    let bad = path("bad.rcb");
    let mut long = bytes.clone();
    long.push(0);
    for (content, expected) in [
        (&bytes[..bytes.len() - 1], "compiled-damaged"),
        (&bytes[..100], "compiled-damaged"),
        (&long, "compiled-damaged"),
        (b"", "compiled-foreign"),
        (b"kind: Role", "compiled-foreign"),
    ] {
        fs::write(&bad, content).unwrap();
        assert_eq!(CompiledFile::read(&bad, None).unwrap_err().code(), expected);
        assert_eq!(CompiledFile::map(&bad, None).unwrap_err().code(), expected);
        assert_eq!(CompiledFile::read_stream(content, None).unwrap_err().code(), expected);
    }
    // A header that claims more than there is reserves nothing.
    let mut huge = bytes.clone();
    huge[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&bad, &huge).unwrap();
    let allocated = allocation_counter::measure(|| {
        assert_eq!(CompiledFile::read(&bad, None).unwrap_err().code(), "compiled-damaged");
        assert_eq!(CompiledFile::read_stream(huge.as_slice(), None).unwrap_err().code(), "compiled-damaged");
    });
    assert!(allocated.bytes_max < 1 << 16);
    assert_eq!(CompiledFile::read(&path("none"), None).unwrap_err().code(), "unreadable");
    assert_eq!(CompiledFile::read(&directory, None).unwrap_err().code(), "unreadable");
    fs::remove_dir_all(directory).unwrap();
}
