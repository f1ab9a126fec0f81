//! Keys and signatures: Ed25519, with keys as `openssl` writes them.
//!
//! What is signed is the checksum, behind words that no other use of the key signs.

use std::fmt;

use ed25519_compact::{KeyPair, PublicKey, Signature};

use crate::container::CHECKSUM_BYTES;

/// A key that signs: `openssl genpkey -algorithm ed25519`.
pub struct SigningKey(KeyPair);

impl SigningKey {
    /// Reads a private key in PEM (PKCS #8, not encrypted).
    ///
    /// # Errors
    ///
    /// When it is anything else.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        KeyPair::from_pem(pem).map(Self).map_err(|_| KeyError::of(pem, PRIVATE, PUBLIC))
    }

    /// The key with which others verify.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.pk)
    }

    pub(crate) fn sign(&self, checksum: &[u8; CHECKSUM_BYTES]) -> [u8; Signature::BYTES] {
        // Without noise the same content gets the same signature, as RFC 8032 has it.
        *self.0.sk.sign(message(checksum), None)
    }
}

/// Shows that there is a key, and not which.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// A key that verifies: `openssl pkey -in KEY.pem -pubout`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifyingKey(PublicKey);

impl VerifyingKey {
    /// Reads a public key in PEM (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    ///
    /// When it is anything else, or a key for which anybody can sign.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = PublicKey::from_pem(pem).map_err(|_| KeyError::of(pem, PUBLIC, PRIVATE))?;
        key.validate().map_err(|_| KeyError::Weak)?;
        Ok(Self(key))
    }

    pub(crate) fn fits(&self, checksum: &[u8; CHECKSUM_BYTES], signature: &[u8; Signature::BYTES]) -> bool {
        self.0.verify(message(checksum), &Signature::new(*signature)).is_ok()
    }
}

/// Why a text gives no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The private key is locked with a password.
    #[error("it is encrypted")]
    Encrypted,
    /// There is no key in PEM in the text.
    #[error("there is no line `-----BEGIN {0} KEY-----` in it")]
    Missing(&'static str),
    /// It is a key for something else.
    #[error("it is no Ed25519 key")]
    OtherAlgorithm,
    /// A private key where a public key was asked for.
    #[error("it is the private key, which only who signs needs")]
    Private,
    /// A public key where a private key was asked for.
    #[error("it is the public key, with which nothing can be signed")]
    Public,
    /// A key for which anybody can make signatures.
    #[error("it is one of the few for which anybody can make signatures")]
    Weak,
}

impl KeyError {
    /// The way out.
    pub fn help(self) -> &'static str {
        match self {
            Self::Encrypted => "`openssl pkey -in KEY.pem` prints it without the password",
            Self::Missing(_) | Self::OtherAlgorithm | Self::Weak => {
                "`openssl genpkey -algorithm ed25519 -out KEY.pem` makes a key, and `openssl pkey -in KEY.pem -pubout` \
                 prints its public half"
            }
            Self::Private => "`openssl pkey -in KEY.pem -pubout` prints the public key",
            Self::Public => "sign with the private key that belongs to it",
        }
    }

    /// Why there is no key of the wanted kind in a text.
    fn of(pem: &str, wanted: &'static str, other: &str) -> Self {
        let has = |kind: &str| pem.contains(&format!("-----BEGIN {kind} KEY-----"));
        if has(wanted) {
            Self::OtherAlgorithm
        } else if has(other) {
            if other == PRIVATE { Self::Private } else { Self::Public }
        } else if has("ENCRYPTED PRIVATE") {
            Self::Encrypted
        } else if pem.contains("-----BEGIN ") {
            Self::OtherAlgorithm
        } else {
            Self::Missing(wanted)
        }
    }
}

const PRIVATE: &str = "PRIVATE";
const PUBLIC: &str = "PUBLIC";

/// A signature for anything else that is made with the same key must not fit a policy.
const PURPOSE: &[u8] = b"rolecall compiled policy\n";

fn message(checksum: &[u8; CHECKSUM_BYTES]) -> Vec<u8> {
    [PURPOSE, checksum].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`, for these tests alone.
    const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIGvzqs6IMHzSRfYfHf3oRaxNhvwP+ZVtoqGy+OEs7gug
-----END PRIVATE KEY-----
";
    const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA9yKsvTOaSLQYDUe6wtrTeornOkAtFZmy/5oGIoy6nYE=
-----END PUBLIC KEY-----
";

    #[test]
    fn a_signature_fits_its_key_and_its_content_alone() {
        let signing = SigningKey::from_pem(PRIVATE_PEM).unwrap();
        let verifying = VerifyingKey::from_pem(PUBLIC_PEM).unwrap();
        assert_eq!(signing.verifying_key(), verifying);
        let signature = signing.sign(&[7; CHECKSUM_BYTES]);
        assert!(verifying.fits(&[7; CHECKSUM_BYTES], &signature));
        assert!(!verifying.fits(&[8; CHECKSUM_BYTES], &signature));
        assert_eq!(signature, signing.sign(&[7; CHECKSUM_BYTES]));
        let mut other = signature;
        other[3] ^= 1;
        assert!(!verifying.fits(&[7; CHECKSUM_BYTES], &other));
        // Of all zeros is what stands where no signature is.
        assert!(!verifying.fits(&[7; CHECKSUM_BYTES], &[0; 64]));
        assert_eq!(format!("{signing:?}"), "SigningKey(..)");
    }

    #[test]
    fn what_is_no_key_of_the_wanted_kind_is_told_apart() {
        let signing = |pem: &str| SigningKey::from_pem(pem).unwrap_err();
        let verifying = |pem: &str| VerifyingKey::from_pem(pem).unwrap_err();
        assert_eq!(signing(PUBLIC_PEM), KeyError::Public);
        assert_eq!(verifying(PRIVATE_PEM), KeyError::Private);
        assert_eq!(signing("kind: Role\n"), KeyError::Missing("PRIVATE"));
        assert_eq!(signing("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), KeyError::Encrypted);
        assert_eq!(signing("-----BEGIN RSA PRIVATE KEY-----\n"), KeyError::OtherAlgorithm);
        assert_eq!(verifying(&PUBLIC_PEM.replace("VwA", "VuA")), KeyError::OtherAlgorithm);
        let neutral = "MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{neutral}\n-----END PUBLIC KEY-----\n");
        assert_eq!(verifying(&pem), KeyError::Weak);
    }
}
