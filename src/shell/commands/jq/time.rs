//! Dates: jq's broken down time is an array of year, month from 0, day, hours, minutes, seconds, weekday
//! and day of the year from 0.

use super::stop::{Stop, error};
use super::value::Value;
use crate::shell::commands::moment::{self, Moment};

pub(super) fn call(name: &str, arguments: &[Value], input: &Value) -> Result<Value, Stop> {
    match (name, arguments) {
        ("gmtime" | "localtime", _) => match input {
            Value::Number(seconds) => {
                let whole = seconds.floor();
                let at = Moment::at(whole as i64, 0);
                Ok(broken(&at, f64::from(at.second) + (seconds - whole)))
            }
            _ => error(format!("{name} requires a number")),
        },
        ("mktime", _) => match input {
            Value::Array(_) => match moment_of(input) {
                Some(at) => Ok(Value::Number(at.seconds as f64)),
                None => error("mktime requires parsed datetime inputs"),
            },
            _ => error("mktime requires array of 6 numbers"),
        },
        ("strftime" | "strflocaltime", [format]) => {
            let at = match input {
                Value::Number(seconds) => Some(Moment::at(seconds.floor() as i64, 0)),
                Value::Array(_) => moment_of(input),
                _ => None,
            };
            let Some(at) = at else {
                return error(format!("{name}/1 requires parsed datetime inputs"));
            };
            let Value::String(format) = format else {
                return error(format!("{name}/1 requires a string format"));
            };
            Ok(Value::text(at.format(format, false)))
        }
        (_, [Value::String(format)]) => match input {
            Value::String(text) => match moment::read(text, format) {
                Some((at, "")) => Ok(broken(&at, f64::from(at.second))),
                _ => error(format!("date \"{text}\" does not match format \"{format}\"")),
            },
            _ => error("strptime/1 requires string inputs and arguments"),
        },
        _ => error("strptime/1 requires string inputs and arguments"),
    }
}

fn broken(at: &Moment, seconds: f64) -> Value {
    let numbers = [
        at.year as f64,
        f64::from(at.month) - 1.0,
        f64::from(at.day),
        f64::from(at.hour),
        f64::from(at.minute),
        seconds,
        f64::from(at.weekday),
        f64::from(at.day_of_year) - 1.0,
    ];
    Value::array(numbers.into_iter().map(Value::Number).collect())
}

fn moment_of(value: &Value) -> Option<Moment> {
    let Value::Array(array) = value else { return None };
    let mut numbers = Vec::new();
    for item in array.items.iter().take(6) {
        let Value::Number(number) = item else { return None };
        numbers.push(number.clamp(-1e9, 1e9) as i64);
    }
    let [year, month, day, hour, minute, second] = numbers[..] else { return None };
    Some(Moment::of(year, month + 1, day, (hour, minute, second)))
}
