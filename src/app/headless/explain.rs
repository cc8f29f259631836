//! `podhop explain [CODE]`

use std::process::ExitCode;

use super::{Ended, Output, Usage};
use crate::level::diagnosis;

/// Prints the long form of a diagnosis, or lists all of them.
pub fn explain(code: Option<&str>) -> Ended {
    let mut out = Output::new();
    let Some(code) = code else {
        let width = diagnosis::explanations().iter().map(|e| e.code.len()).max().unwrap_or(0);
        for explanation in diagnosis::explanations() {
            out.line(format!("{:width$}  {}", explanation.code, explanation.title));
        }
        return Ok(ExitCode::SUCCESS);
    };
    match diagnosis::explain(code) {
        Some(explanation) => {
            out.write(explanation.to_string().as_bytes());
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let help = match diagnosis::near_codes(code).as_slice() {
                [] => "podhop explain lists all codes".to_owned(),
                near => format!("did you mean {}?", near.join(" or ")),
            };
            Err(Usage(format!("there is no diagnosis {code:?}; {help}")))
        }
    }
}
