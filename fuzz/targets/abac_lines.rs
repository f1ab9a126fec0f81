//! See `rolecall_fuzz::abac_lines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::abac_lines(data));
