//! What has to work, how far it is, and one line of advice.
//!
//! ```text
//! ✓ the frontend gets "It works!" from http://backend           ■■■■■■■■■■ 10/10
//! ○ … and still does while backend pods are being replaced
//! › Ctrl-G sends the request.
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::game::{Asked, Play, Tone, headline, symptom};
use crate::level::{GoalState, Phase};
use crate::tui::text::{fit, put_spans, short_names, width, wrap};
use crate::tui::theme::Theme;

/// How many rows of goals there are at most.
const SHOWN: usize = 5;

/// Rows that the strip takes on a screen of this size.
pub fn height(play: &Play, theme: &Theme, area: Rect) -> u16 {
    let goals: usize = goal_rows(play, area).iter().map(|(_, rows)| rows).sum();
    let rest = usize::from(rest(play).is_some());
    (goals + rest + advice_lines(play, theme, area.width).1.len()) as u16
}

/// The goals that are shown, from 0: where there are too many, those that have not passed go before
/// the others.
fn shown(play: &Play) -> Vec<usize> {
    let goals = play.goals();
    let all = 0..goals.len();
    if all.len() <= SHOWN {
        return all.collect();
    }
    let (passed, open): (Vec<usize>, Vec<usize>) = all.partition(|at| goals[*at].passed);
    let mut shown: Vec<usize> = open.into_iter().chain(passed).take(SHOWN - 1).collect();
    shown.sort_unstable();
    shown
}

/// What is said of the goals that are not shown.
fn rest(play: &Play) -> Option<String> {
    let (goals, shown) = (play.goals(), shown(play));
    let hidden: Vec<usize> = (0..goals.len()).filter(|at| !shown.contains(at)).collect();
    let passed = hidden.iter().filter(|at| goals[**at].passed).count();
    match hidden.len() {
        0 => None,
        count if count == passed => Some(format!("… {count} more, passed")),
        count => Some(format!("… {count} more, {passed} of them passed")),
    }
}

/// Rows for each goal that is shown: a second one for words that would be cut, where the screen is
/// high enough.
fn goal_rows(play: &Play, area: Rect) -> Vec<(usize, usize)> {
    let mut spare = usize::from(area.height / 8).saturating_sub(1);
    shown(play)
        .into_iter()
        .map(|at| {
            let goal = &play.goals()[at];
            let columns = usize::from(area.width.saturating_sub(4));
            let cut = width(&goal.say) > room_for(play, goal, &count(play, at), columns);
            let more = usize::from(cut && spare > 0);
            spare -= more;
            (at, 1 + more)
        })
        .collect()
}

/// Draws the goals and the line below them.
pub fn draw(play: &Play, theme: &Theme, screen: Rect, area: Rect, buf: &mut Buffer) {
    let current = play.goals().iter().position(|goal| !goal.passed);
    let mut y = area.y;
    for (row, height) in goal_rows(play, screen) {
        if let Some(goal) = play.goals().get(row).filter(|_| y < area.bottom()) {
            let active = play.phase() == Phase::Probing && current == Some(row);
            let height = (height as u16).min(area.bottom() - y);
            let rect = Rect { y, height, ..area };
            draw_goal((play, goal), &count(play, row), active, theme, rect, buf);
        }
        y += height as u16;
    }
    if let Some(text) = rest(play).filter(|_| y < area.bottom()) {
        put_spans(buf, area.x + 1, y, &[Span::styled(text, theme.dim)], usize::from(area.width));
        y += 1;
    }
    let (style, lines) = advice_lines(play, theme, screen.width);
    let columns = usize::from(area.width.saturating_sub(2));
    for (row, text) in lines.iter().enumerate() {
        let sign = if row == 0 { "› " } else { "  " };
        let mut spans = vec![Span::styled(sign, theme.accent)];
        // The fact comes first, and stands out; what follows says why, and is no alarm.
        match text.split_once(':').filter(|_| row == 0 && style == theme.bad) {
            Some((fact, rest)) => {
                spans.push(Span::styled(format!("{fact}:"), theme.bad));
                spans.push(Span::styled(rest.to_owned(), theme.text));
            }
            None if style == theme.bad => spans.push(Span::styled(text.clone(), theme.text)),
            None => spans.push(Span::styled(text.clone(), style)),
        }
        if y < area.bottom() {
            put_spans(buf, area.x + 1, y, &spans, columns);
        }
        y += 1;
    }
}

/// The advice in at most two lines.
fn advice_lines(play: &Play, theme: &Theme, width: u16) -> (Style, Vec<String>) {
    let (style, text) = advice(play, theme);
    let columns = usize::from(width.saturating_sub(6)).max(1);
    let mut lines = wrap(&short_names(&text), columns);
    if lines.len() > 2 {
        lines.truncate(2);
        lines[1] = fit(&format!("{} …", lines[1]), columns);
    }
    (style, lines)
}

/// Columns that a goal's own words have.
fn room_for(play: &Play, goal: &GoalState, count: &str, columns: usize) -> usize {
    columns.saturating_sub(width(count) + width(&bar_of(play, goal)) + 5)
}

/// How far a goal is; where it is one request that failed, what that came to.
fn count(play: &Play, at: usize) -> String {
    let Some(goal) = play.goals().get(at) else { return String::new() };
    let told = || play.level().goals.get(at).and_then(|asked| symptom(asked, goal));
    match (goal.tried, goal.of) {
        (0, _) => String::new(),
        (_, 0 | 1) if goal.passed => "passed".to_owned(),
        (_, 0 | 1) => told().unwrap_or("not yet").to_owned(),
        // Not the number of answers was wrong, but who gave them.
        _ if goal.succeeded == goal.of && !goal.passed => "all answered".to_owned(),
        _ if let Some(told) = told() => format!("{told}, {} sent", goal.tried),
        // What has failed is not asked for ever: how many came through is no rate.
        _ if is_stopped(play, goal) && goal.succeeded == 0 => {
            format!("none right, {} sent", goal.tried)
        }
        _ if is_stopped(play, goal) => format!("{} right, {} sent", goal.succeeded, goal.tried),
        _ if goal.succeeded < goal.of && goal.passed => {
            format!("{} of {}: enough", goal.succeeded, goal.of)
        }
        // A bar beside it says what is counted.
        (_, 3..) => format!("{}/{}", goal.succeeded, goal.of),
        _ => format!("{} of {}", goal.succeeded, goal.of),
    }
}

/// Whether the rest of the requests was left out, since it could not make up for those that failed.
fn is_stopped(play: &Play, goal: &GoalState) -> bool {
    let over = goal.diagnosis.is_some() || play.phase() != Phase::Probing;
    !goal.passed && over && goal.tried < goal.of
}

fn bar_of(play: &Play, goal: &GoalState) -> String {
    let told = goal.passed == (goal.succeeded >= goal.of) && !is_stopped(play, goal);
    // Without a success the words beside it say more.
    let told = told && goal.succeeded > 0;
    if goal.of > 2 && goal.tried > 0 && told { bar(goal) } else { String::new() }
}

fn draw_goal(
    (play, goal): (&Play, &GoalState),
    count: &str,
    active: bool,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let failed = !goal.passed && goal.diagnosis.is_some();
    let (sign, style) = match (goal.passed, failed, active) {
        (true, _, _) => ("✓", theme.good),
        (_, _, true) => ("◌", theme.warn),
        (_, true, _) => ("✗", theme.bad),
        _ => ("○", theme.dim),
    };
    let bar = bar_of(play, goal);
    let tail = width(count) + width(&bar) + 3;
    let columns = usize::from(area.width.saturating_sub(2));
    let room = room_for(play, goal, count, columns);
    let mut lines = match area.height {
        0 | 1 => vec![fit(&goal.say, room)],
        _ => wrap(&goal.say, room),
    };
    if lines.len() > 2 {
        lines[1] = fit(&lines[1..].join(" "), room);
    }
    for (row, text) in lines.iter().take(usize::from(area.height)).enumerate() {
        let sign = if row == 0 { format!("{sign} ") } else { "  ".to_owned() };
        let spans = [Span::styled(sign, style), Span::styled(text.clone(), theme.text)];
        put_spans(buf, area.x + 1, area.y + row as u16, &spans, columns);
    }
    let x = area.right().saturating_sub(tail as u16);
    put_spans(
        buf,
        x,
        area.y,
        &[Span::styled(bar, style), Span::styled(format!(" {count}"), style)],
        tail,
    );
}

/// Ten squares, filled as far as requests have succeeded.
fn bar(goal: &GoalState) -> String {
    let cells = goal.of.clamp(1, 10);
    let filled = goal.succeeded * cells / goal.of.max(1);
    (0..cells).map(|cell| if cell < filled { '■' } else { '·' }).collect()
}

/// What was just said, or else what could be done next.
fn advice(play: &Play, theme: &Theme) -> (Style, String) {
    if let Some(notice) = &play.notice {
        let style = match notice.tone {
            Tone::Plain => theme.text,
            Tone::Good => theme.good,
            Tone::Bad => theme.bad,
        };
        return (style, notice.text.replace('\n', " "));
    }
    let unapplied = play.unapplied();
    let text = match play.phase() {
        Phase::Solved => {
            "Won. Ctrl-G shows what to keep; Esc, then q, leads to the trail.".to_owned()
        }
        Phase::Probing if play.attempt().waits_for_rest() => {
            "The goal's requests go as soon as the cluster is at rest…".to_owned()
        }
        Phase::Probing => "The goal's requests are on their way…".to_owned(),
        _ if !unapplied.is_empty() && play.goals().is_empty() => {
            format!("{} changed: Ctrl-S applies.", unapplied.join(", "))
        }
        _ if !unapplied.is_empty() => {
            format!("{} changed: Ctrl-S applies, Ctrl-G then sends.", unapplied.join(", "))
        }
        _ if play.goals().is_empty() => {
            "A sandbox: nothing is asked. Ctrl-S applies; what you send shows its way.".to_owned()
        }
        Phase::Untouched if play.asked == Asked::No => {
            "Ctrl-G sends the goal's request and shows its way.".to_owned()
        }
        _ if let Some((file, line, _)) = play.refusal() => {
            format!("{file} is refused at line {line}: mend it, then Ctrl-S and Ctrl-G.")
        }
        _ => match failing(play) {
            Some(message) => {
                let next = play.help().next();
                let next = next
                    .map_or_else(|| "shows it again".to_owned(), |next| next.words().to_owned());
                format!("{message} · F3: {next}")
            }
            None => {
                "Change the manifest, or work in the terminal; Ctrl-G sends the request.".to_owned()
            }
        },
    };
    (theme.dim, text)
}

/// What is known of the failure: the hop at first, the cause once somebody asked for more.
fn failing(play: &Play) -> Option<String> {
    let help = play.help();
    let fault = help.asked()?;
    Some(match fault.rung {
        0 => headline(play),
        _ => fault.diagnosis.message.clone(),
    })
}
