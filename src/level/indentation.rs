//! Which line of a YAML text stands at the wrong column, and where it probably belongs.
//!
//! YAML's own parser says only that it did not expect what it found, often with another line's number.
//! Here the lines are compared with one another, as somebody would who reads the text.

use std::cmp::Reverse;

use crate::diagnostic::counted;

/// What is wrong with the column of a line (from 1) at which a text cannot be read, and the line that it
/// was compared with.
pub(super) fn misplaced(lines: &[&str], number: usize) -> Option<String> {
    let before: Vec<(usize, &str)> = before(lines, number).collect();
    let line = lines.get(number.checked_sub(1)?)?;
    too_far_right(&before, number, line).or_else(|| out_of_line(&before, number, line))
}

/// A line of a bare word among fields, on whose account the text cannot be read at `number` (from 1) or in the two
/// lines before: its own number, and what is wrong with it.
pub(super) fn stray(lines: &[&str], number: usize) -> Option<(usize, String)> {
    let is_field = |line: &str| line.contains(": ") || line.trim_end().ends_with(':');
    let line = |number: usize| lines.get(number.checked_sub(1)?).copied();
    let is_stray = |at: &usize| {
        let Some(own) = line(*at) else { return false };
        let text = own.trim();
        let beside = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten().filter_map(line);
        let mut fields = beside.filter(|other| is_field(other) && indent(other) == indent(own));
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !text.contains(':')
            && fields.next().is_some()
    };
    let found = (number.saturating_sub(2)..=number).rev().find(is_stray)?;
    let word = line(found)?.trim();
    Some((found, format!("{word:?} is no field: a field has a name, a colon, and what it holds")))
}

/// The lines of the same document above this one that say something, each with its number.
fn before<'a>(lines: &[&'a str], number: usize) -> impl Iterator<Item = (usize, &'a str)> {
    let above = &lines[..number.saturating_sub(1).min(lines.len())];
    let start = above.iter().rposition(|line| line.starts_with("---")).map_or(0, |at| at + 1);
    let says = |(_, line): &(usize, &str)| {
        let text = line.trim();
        !text.is_empty() && !text.starts_with('#')
    };
    let above: Vec<&str> = above[start..].to_vec();
    above.into_iter().enumerate().map(move |(at, line)| (start + at + 1, line)).filter(says)
}

/// The columns at which the dashes of a line and what it says stand, counted from 0.
fn columns(line: &str) -> Vec<usize> {
    let mut rest = line.trim_start_matches(' ');
    let mut all = vec![line.len() - rest.len()];
    while let Some(entry) = rest.strip_prefix("- ") {
        let own = entry.trim_start_matches(' ');
        all.push(line.len() - own.len());
        rest = own;
    }
    all
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_entry(line: &str) -> bool {
    let text = line.trim();
    text == "-" || text.starts_with("- ")
}

/// A field that would belong to one that has its value already.
fn too_far_right(before: &[(usize, &str)], number: usize, line: &str) -> Option<String> {
    let (other, above) = *before.last()?;
    let column = *columns(above).last()?;
    let (_, value) = above.split_once(": ")?;
    let goes_on = value.trim_start().starts_with(['|', '>', '[', '{', '"', '\'', '#']);
    let is_field = line.contains(": ") || line.trim_end().ends_with(':');
    (indent(line) > column && is_field && !value.trim().is_empty() && !goes_on).then(|| {
        format!(
            "line {other} has its value already, so line {number} can't belong to it: side by side, both begin with {}",
            spaces(column)
        )
    })
}

/// A line that begins at no column at which something above is still open, or an entry where there is no list.
fn out_of_line(before: &[(usize, &str)], number: usize, line: &str) -> Option<String> {
    let own = indent(line);
    let mut open: Vec<usize> = Vec::new();
    for (_, above) in before {
        let columns = columns(above);
        open.retain(|column| *column < columns[0]);
        open.extend(columns);
    }
    let stray = is_entry(line) && !continues_list(before, own);
    if indent(before.last()?.1) < own || open.contains(&own) && !stray {
        return None;
    }
    let at = |column: usize| {
        let mut upwards = before.iter().rev();
        upwards.find(|(_, above)| columns(above).contains(&column)).map(|(number, _)| *number)
    };
    let (column, other) = match stray {
        true => before
            .iter()
            .rev()
            .find(|(_, above)| is_entry(above) && indent(above) != own)
            .map(|(number, above)| (indent(above), *number))?,
        false => {
            let near =
                open.into_iter().min_by_key(|column| (column.abs_diff(own), Reverse(*column)))?;
            (near, at(near)?)
        }
    };
    Some(format!(
        "line {number} begins with {}, and line {other} with {}: what belongs side by side begins exactly below one another",
        spaces(own),
        spaces(column)
    ))
}

/// Whether an entry at this column goes on a list, or begins one below its field.
fn continues_list(before: &[(usize, &str)], own: usize) -> bool {
    let begins = before.last().is_some_and(|(_, above)| above.trim_end().ends_with(':'));
    let mut upwards = before.iter().rev().map(|(_, above)| *above);
    begins
        || upwards
            .find(|above| indent(above) <= own)
            .is_some_and(|above| indent(above) == own && is_entry(above))
}

fn spaces(count: usize) -> String {
    match count {
        0 => "no space".to_owned(),
        count => counted(count, "space"),
    }
}

#[cfg(test)]
mod tests {
    use super::misplaced;

    fn told(text: &str, number: usize) -> String {
        misplaced(&text.lines().collect::<Vec<_>>(), number).unwrap_or_default()
    }

    #[test]
    fn a_line_too_far_right_is_told_where_its_siblings_begin() {
        let text = "spec:\n  containers:\n  - name: web\n    image: nginx\n      args: [a]\n";
        assert_eq!(
            told(text, 5),
            "line 4 has its value already, so line 5 can't belong to it: side by side, both begin with 4 spaces"
        );
        let entry = "ports:\n  - port: 80\n      targetPort: 8080\n";
        assert!(told(entry, 3).ends_with("both begin with 4 spaces"), "{}", told(entry, 3));
    }

    #[test]
    fn an_entry_out_of_line_is_told_where_the_one_before_begins() {
        let text = "spec:\n  ports:\n  - port: 80\n    targetPort: 80\n- port: 90\n";
        assert_eq!(
            told(text, 5),
            "line 5 begins with no space, and line 3 with 2 spaces: what belongs side by side begins exactly below one another"
        );
    }

    #[test]
    fn a_field_between_two_columns_is_told_the_nearer_one() {
        let text = "spec:\n  containers:\n  - name: web\n    image: nginx\n   args: [a]\n";
        assert!(
            told(text, 5).starts_with("line 5 begins with 3 spaces, and line 4 with 4 spaces"),
            "{}",
            told(text, 5)
        );
    }

    #[test]
    fn what_stands_where_it_may_is_not_blamed() {
        let text = "a:\n- b: 1\n  c: [x,\n    y]\nd: |\n  e: f\n---\nspec:\n  g: 1\n";
        for number in 1..=9 {
            assert_eq!(told(text, number), "", "line {number}");
        }
    }
}
