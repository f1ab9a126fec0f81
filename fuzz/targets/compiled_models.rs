//! See `rolecall_fuzz::compiled_models`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rolecall_fuzz::compiled_models(data));
