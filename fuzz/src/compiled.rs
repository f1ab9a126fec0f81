//! Compiled files and the model in them: whatever the bytes, an error or a policy.

use rolecall::{Authorizer, Request, compiled::CompiledPolicy};
use rolecall_compiled::{CompiledFile, decode_model, encode_model};

/// Reads the bytes as a compiled file: as they are, and with a header and a checksum that fit them, as somebody
/// would make them who means ill.
///
/// # Panics
///
/// When what is read does not come back when it is written.
pub fn compiled_files(data: &[u8]) {
    read(data);
    if let Some(sealed) = sealed(data) {
        read(&sealed);
    }
}

/// Reads the bytes as the model in a compiled file.
///
/// # Panics
///
/// As [`compiled_files`].
pub fn compiled_models(data: &[u8]) {
    if let Ok(model) = decode_model(data) {
        let bytes = encode_model(&model.policies, &model.sources);
        let again = decode_model(&bytes).expect("what is written can be read");
        assert_eq!(again.policies, model.policies);
        assert_eq!(encode_model(&again.policies, &again.sources), bytes);
    }
}

fn read(bytes: &[u8]) {
    let Ok(file) = CompiledFile::from_bytes(bytes, None) else { return };
    // What can be wrong with these is an error like any other.
    let _ = (file.types(), file.model());
    assert_eq!(file.length(), bytes.len());
    let Ok(policy) = CompiledPolicy::from_bytes(bytes, None) else { return };
    for user in ["", "jane"] {
        for namespace in ["", "payments", "x"] {
            let groups = ["dev", "system:authenticated"];
            for request in [
                Request::resource("get", "pods").name("a"),
                Request::resource("list", "deployments").api_group("apps").subresource("scale"),
                Request::path("get", "/healthz/a"),
            ] {
                let request = request.user(user).groups(&groups).namespace(namespace);
                let _ = (policy.authorize(&request), policy.determine(&request));
            }
            let _ = policy.rules_for(user, &groups, namespace);
        }
    }
}

/// The bytes with the parts of the header that follow from the others. Written from the drawing of the layout in
/// `rolecall_compiled`, not with its code.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = b"\x89rcb\r\n\x1a\n\x01\0\0\0".to_vec();
    sealed.extend(bytes.get(12..16)?);
    sealed.extend((bytes.len() as u64).to_le_bytes());
    sealed.extend([0; 8]);
    let behind = bytes.get(128..)?;
    let checksum = blake3::Hasher::new().update(&sealed).update(behind).finalize();
    sealed.extend(checksum.as_bytes());
    sealed.extend([0; 64]);
    sealed.extend(behind);
    Some(sealed)
}
