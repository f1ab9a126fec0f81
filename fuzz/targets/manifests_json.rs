//! See `rolecall_fuzz::manifests_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::manifests_json(data));
