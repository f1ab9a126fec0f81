//! See `rolecall_fuzz::compiled_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::compiled_files(data));
