#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mercury_fuzz::telnet(data));
