//! Any bytes as saved progress: what is read can be written, and is read again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podhop::game::Save;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(save) = Save::parse(bytes) {
        let again = Save::parse(&save.to_bytes()).ok();
        assert_eq!(again.as_ref(), Some(&save), "what was read can be written and read");
        save.merged(&save, &save, &save);
    }
});
