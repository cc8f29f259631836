//! The cluster map: the laptop, nodes with their pods, Services with their endpoints, and the
//! packet on its way between them.
//!
//! ```text
//!   ◇ laptop 192.168.49.1
//!
//!   node-1 192.168.49.2        node-2 192.168.49.3
//!   ╭ ● frontend ──────────╮   ╭ ● backend-x7k2p ─────╮
//! ╭╌│ 10.244.1.2           │   │ 10.244.2.5           │
//! ╎ │ ● client  curl:8.5   │   │ ● httpd  httpd:2.4   │
//! ╎ ╰──────────────────────╯   ╰──────────────────────╯
//! ╰●▶ ◆ backend 10.96.14.3:80 → no endpoints
//! ```

mod layout;
mod route;

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;

use crate::game::WALK;
use crate::game::Walk;
use crate::game::scene::{ContainerView, Ghost, Health, PodView, Scene, ServiceView, Spot, both};
use crate::game::story::{Step, Story};
use crate::network::HopVerdict;
use crate::tui::text::{fit, fit_name, put, put_spans, width};
use crate::tui::theme::Theme;

pub use layout::{Detail, Item, Layout, Placed};

/// What the map shows.
pub struct Map<'a> {
    pub scene: &'a Scene,
    /// What changed lately.
    pub fresh: &'a BTreeSet<Spot>,
    /// What is selected.
    pub picked: &'a Spot,
    /// Whether the map has the keys.
    pub focused: bool,
    /// Whether the cluster's own things are shown.
    pub system: bool,
    /// The packet, if there is one.
    pub packet: Option<(&'a Story, &'a Walk)>,
    /// The hosts outside that the level is about.
    pub outside: Vec<&'a str>,
    /// Pods that went a moment ago.
    pub ghosts: &'a [Ghost],
    /// Containers that have just sent something by themselves.
    pub pulses: &'a BTreeSet<(Spot, String)>,
}

/// Draws the map; says what stands where.
pub fn draw(map: &Map<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) -> Layout {
    let layout = lay_out(map, area);
    let area = within_margin(area);
    for placed in &layout.items {
        draw_item(map, placed, theme, buf);
    }
    draw_hidden(&layout, theme, area, buf);
    if let Some((story, walk)) = map.packet {
        draw_packet(map.scene, &layout, story, walk, theme, area, buf);
    }
    layout
}

/// How much is shown of each pod in `area`; nothing where there is no room for everything.
pub fn detail(map: &Map<'_>, area: Rect) -> Option<Detail> {
    let layout = lay_out(map, area);
    let whole = layout.hidden == (0, 0) && layout.hidden_services == 0;
    whole.then_some(layout.detail)
}

/// Columns in which nothing on the map is cut.
pub fn wanted_width(scene: &Scene) -> u16 {
    layout::wanted_width(scene).saturating_add(1)
}

fn lay_out(map: &Map<'_>, area: Rect) -> Layout {
    let outside = outside(map);
    let extra = layout::Extra { outside: &outside, ghosts: map.ghosts };
    layout::layout(map.scene, map.system, map.picked, extra, within_margin(area))
}

/// A margin, so that ways in the first gutter do not touch the border.
fn within_margin(area: Rect) -> Rect {
    Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(1), ..area }
}

/// Hosts on the internet that the packet meets, before those that the level is about.
fn outside(map: &Map<'_>) -> Vec<String> {
    let way = map.packet.map(|(story, _)| story.way()).unwrap_or_default();
    let name = |spot: &Spot| match spot {
        Spot::Outside(name) => Some(name.clone()),
        _ => None,
    };
    let level = map.outside.iter().map(|name| (*name).to_owned());
    way.into_iter().filter_map(name).chain(level).collect()
}

fn draw_item(map: &Map<'_>, placed: &Placed, theme: &Theme, buf: &mut Buffer) {
    let area = placed.area;
    let columns = usize::from(area.width);
    let line = |spans: &[Span<'_>], buf: &mut Buffer| {
        put_spans(buf, area.x, area.y, spans, columns);
    };
    match &placed.item {
        Item::Laptop => {
            let name = name_style(map, &Spot::Laptop, theme.title, theme);
            line(
                &[
                    Span::styled("◇ ", theme.dim),
                    Span::styled("laptop", name),
                    Span::styled(" you, outside", theme.dim),
                ],
                buf,
            );
        }
        Item::Outside(outside) => {
            let name = name_style(map, &Spot::Outside(outside.clone()), theme.title, theme);
            line(&[Span::styled("◇ ", theme.dim), Span::styled(outside.clone(), name)], buf);
        }
        Item::Node(at) => draw_node(map, *at, theme, area, buf),
        Item::Ghost(name) => {
            let name = fit_name(name, columns.saturating_sub(8));
            line(&[Span::styled(format!("  † {name} went"), theme.warn)], buf);
        }
        Item::Waiting => line(&[Span::styled("waiting for a node", theme.warn)], buf),
        Item::Pod(spot) => {
            if let Some(pod) = map.scene.pod(spot) {
                match area.height {
                    0 | 1 => draw_pod_line(map, pod, spot, theme, area, buf),
                    2 => draw_pod_lines(map, pod, spot, theme, area, buf),
                    _ => draw_pod_box(map, pod, spot, theme, area, buf),
                }
            }
        }
        Item::Group { name, pods } => draw_group(map, name, pods, theme, area, buf),
        Item::Service(spot) => {
            if let Some(service) = map.scene.service(spot) {
                draw_service(map, service, spot, theme, area, buf);
            }
        }
    }
}

/// A name: marked when it is selected or has changed.
fn name_style(map: &Map<'_>, spot: &Spot, usual: Style, theme: &Theme) -> Style {
    match (map.picked == spot, map.focused) {
        (true, true) => theme.selected.add_modifier(Modifier::BOLD),
        (true, false) => usual.add_modifier(Modifier::UNDERLINED),
        _ => usual,
    }
}

fn health_style(health: Health, theme: &Theme) -> Style {
    match health {
        Health::Good => theme.good,
        Health::Busy => theme.warn,
        Health::Bad => theme.bad,
        Health::Over => theme.dim,
    }
}

fn draw_node(map: &Map<'_>, at: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(node) = map.scene.nodes.get(at) else { return };
    let spot = Spot::Node(node.name.clone());
    let (state, style) = match (node.ready, node.cordoned) {
        (true, false) => ("", theme.dim),
        (true, true) => (" closed for new pods", theme.warn),
        (false, _) => (" down", theme.bad),
    };
    let name = name_style(map, &spot, theme.title, theme);
    let two_rows = area.height > 1;
    let address = if two_rows { String::new() } else { format!(" {}", node.address) };
    let spans = [
        Span::styled(node.name.clone(), name),
        Span::styled(address, theme.dim),
        Span::styled(state, style),
        Span::styled(changed(map, &spot), theme.warn),
    ];
    let columns = usize::from(area.width);
    put_spans(buf, area.x, area.y, &spans, columns);
    if two_rows {
        put(buf, area.x, area.y + 1, &node.address, columns, theme.dim);
    }
}

fn changed(map: &Map<'_>, spot: &Spot) -> &'static str {
    if map.fresh.contains(spot) { " *" } else { "" }
}

fn draw_pod_box(
    map: &Map<'_>,
    pod: &PodView,
    spot: &Spot,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let picked = map.picked == spot;
    let fresh = map.fresh.contains(spot);
    let border = match (picked && map.focused, fresh, pod.health) {
        (true, _, _) => theme.focus,
        (_, true, _) => theme.warn,
        (_, _, Health::Bad) => theme.bad,
        _ => theme.border,
    };
    let mut borders = crate::tui::frame::Borders::new(buf.area);
    borders.rectangle(area);
    borders.paint(buf, border);
    let inside = usize::from(area.width.saturating_sub(4));
    let name = pod_name(pod, inside.saturating_sub(4));
    let style = name_style(map, spot, theme.text.add_modifier(Modifier::BOLD), theme);
    let title = [
        Span::styled(format!(" {} ", pod.health.sign()), health_style(pod.health, theme)),
        Span::styled(name, style),
        Span::styled(if fresh { " * " } else { " " }, theme.warn),
    ];
    put_spans(buf, area.x + 1, area.y, &title, inside + 2);
    put_spans(buf, area.x + 2, area.y + 1, &address_line(pod, inside, theme), inside);
    let labelled = u16::from(area.height > layout::box_height(pod));
    if labelled > 0 {
        put(buf, area.x + 2, area.y + 2, &pod.shown_labels(), inside, theme.dim);
    }
    for (row, container) in pod.containers.iter().enumerate() {
        let y = area.y + 2 + labelled + row as u16;
        if y + 1 >= area.bottom() {
            break;
        }
        let pulse = map.pulses.contains(&(spot.clone(), container.name.clone()));
        put_spans(buf, area.x + 2, y, &container_line(container, pulse, inside, theme), inside);
    }
    if pod.health != Health::Over {
        let style = if pod.made_by.is_some() { theme.dim } else { theme.warn };
        let row = area.bottom().saturating_sub(1);
        put(buf, area.x + 2, row, &fit(&maker_line(pod), inside), inside, style);
    }
}

/// The addresses of a pod, as many as there is room for beside its state.
fn address_line(pod: &PodView, room: usize, theme: &Theme) -> [Span<'static>; 2] {
    let state = if pod.health == Health::Good { "" } else { &pod.status };
    let both = both(&pod.address, pod.other_address.as_deref());
    let address = match &*pod.address {
        "" => "no address yet",
        _ if width(&both) + width(state) + 2 <= room => &*both,
        address => address,
    };
    let left = room.saturating_sub(width(address) + 2);
    let state = if left < SHORTEST_STATE { "" } else { state };
    [
        Span::styled(address.to_owned(), theme.text),
        Span::styled(format!("  {state}").trim_end().to_owned(), health_style(pod.health, theme)),
    ]
}

/// A container in its pod's box; `pulse` shows that a packet has just come or gone. Its ports are shown
/// whole, since half a number is another one; its name is shortened for them, and what it runs is left out.
fn container_line(
    container: &ContainerView,
    pulse: bool,
    room: usize,
    theme: &Theme,
) -> [Span<'static>; 5] {
    let style = health_style(container.health, theme);
    let state = match (container.health, container.restarts) {
        (Health::Good, 0) if container.image == container.name => "running".to_owned(),
        (Health::Good, 0) => container.image.clone(),
        (Health::Good, many) => format!("{} ↻{many}", container.image),
        (_, 0) => container.status.clone(),
        (_, many) => format!("{} ↻{many}", container.status),
    };
    let plain = if container.health == Health::Good { theme.dim } else { style };
    let ports = ports_within(&container.ports, room.saturating_sub(SHORTEST_NAME + 3));
    let room = room.saturating_sub(width(&ports) + 3);
    let name = fit_name(&container.name, room.max(SHORTEST_NAME));
    let room = room.saturating_sub(width(&name) + 2);
    let state = match (width(&state) <= room, container.health) {
        (true, _) => state,
        (false, Health::Good) => String::new(),
        (false, _) if room < SHORTEST_STATE => String::new(),
        (false, _) => fit(&state, room),
    };
    let gap = if ports.is_empty() { " " } else { "  " };
    [
        Span::styled(format!("{} ", container.health.sign()), style),
        Span::styled(name, theme.text),
        Span::styled(if pulse { "»" } else { " " }, theme.packet),
        Span::styled(ports, theme.accent),
        Span::styled(if state.is_empty() { state } else { format!("{gap}{state}") }, plain),
    ]
}

/// As many ports as have room, and an ellipsis for the others.
fn ports_within(ports: &[String], room: usize) -> String {
    let all = ports.join(" ");
    if width(&all) <= room {
        return all;
    }
    let some = (1..ports.len()).rev().map(|many| format!("{} …", ports[..many].join(" ")));
    some.into_iter().find(|some| width(some) <= room).unwrap_or(all)
}

/// Columns in which a namespace can still be told from others.
const SHORTEST_NAMESPACE: usize = 3;
/// Columns of a container's name that always stay.
const SHORTEST_NAME: usize = 4;
/// Columns in which the beginning of a state still tells something.
const SHORTEST_STATE: usize = 5;

/// Who brings a pod back when it goes, and who decides what may pass.
fn maker_line(pod: &PodView) -> String {
    let policies = match &*pod.policies {
        [] => String::new(),
        [policy] => format!("· policy {policy} "),
        many => format!("· {} policies ", many.len()),
    };
    match &pod.made_by {
        Some(maker) => format!(" by {maker} {policies}"),
        None => format!(" made by nobody {policies}"),
    }
}

/// A pod's name, with its namespace where that is not the usual one: of the two the namespace is
/// shortened first.
fn pod_name(pod: &PodView, columns: usize) -> String {
    let PodView { namespace, name, .. } = pod;
    let whole = match &**namespace {
        "default" => return fit_name(name, columns),
        _ => format!("{namespace}/{name}"),
    };
    let left = columns.saturating_sub(width(name) + 1);
    if width(&whole) <= columns || left < SHORTEST_NAMESPACE {
        return fit_name(&whole, columns);
    }
    format!("{}/{name}", fit(namespace, left))
}

fn draw_pod_line(
    map: &Map<'_>,
    pod: &PodView,
    spot: &Spot,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let columns = usize::from(area.width);
    let name = pod_name(pod, usize::MAX);
    // Who is not ready keeps an address, and it is shown where there is room.
    let both = format!("{} {}", pod.address, pod.status);
    let state = match pod.health {
        Health::Good => &pod.address,
        _ if width(&name) + width(&both) + 5 <= columns => &both,
        _ => &pod.status,
    };
    let name_room = columns.saturating_sub(width(state) + 5).max(8);
    let spans = [
        Span::styled(format!("{} ", pod.health.sign()), health_style(pod.health, theme)),
        Span::styled(pod_name(pod, name_room), name_style(map, spot, theme.text, theme)),
        Span::styled(
            format!(" {state}"),
            if pod.health == Health::Good { theme.dim } else { health_style(pod.health, theme) },
        ),
        Span::styled(changed(map, spot), theme.warn),
    ];
    put_spans(buf, area.x, area.y, &spans, columns);
}

/// A pod's name, and below it its address, its state, and what it runs.
fn draw_pod_lines(
    map: &Map<'_>,
    pod: &PodView,
    spot: &Spot,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let columns = usize::from(area.width);
    let sign = Span::styled(format!("{} ", pod.health.sign()), health_style(pod.health, theme));
    let name = pod_name(pod, columns.saturating_sub(4));
    let spans = [
        sign,
        Span::styled(name, name_style(map, spot, theme.text, theme)),
        Span::styled(changed(map, spot), theme.warn),
    ];
    put_spans(buf, area.x, area.y, &spans, columns);
    let room = columns.saturating_sub(width(&pod.address) + 3);
    let runs = match (pod.health, pod.containers.first()) {
        (Health::Good, Some(container)) if width(&container.image) <= room => {
            Span::styled(container.image.clone(), theme.dim)
        }
        (Health::Good, _) => Span::default(),
        (health, _) => Span::styled(pod.status.clone(), health_style(health, theme)),
    };
    let spans = [Span::styled(format!("  {} ", pod.address), theme.dim), runs];
    put_spans(buf, area.x, area.y + 1, &spans, columns);
}

fn draw_group(
    map: &Map<'_>,
    name: &str,
    pods: &[Spot],
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let views: Vec<&PodView> = pods.iter().filter_map(|spot| map.scene.pod(spot)).collect();
    let ready = views.iter().filter(|pod| pod.ready).count();
    let worst = views.iter().map(|pod| pod.health).filter(|health| *health != Health::Over).max();
    let worst = worst.unwrap_or(Health::Over);
    let picked = pods.iter().find(|spot| *spot == map.picked);
    let columns = usize::from(area.width);
    let count = format!(" ×{}  {ready} ready", pods.len());
    let label = picked.and_then(|spot| map.scene.pod(spot)).map_or(name, |pod| &*pod.name);
    let style = picked.map_or(theme.text, |spot| name_style(map, spot, theme.text, theme));
    let spans = [
        Span::styled(format!("{} ", worst.sign()), health_style(worst, theme)),
        Span::styled(fit_name(label, columns.saturating_sub(width(&count) + 3)), style),
        Span::styled(count, theme.dim),
        Span::styled(
            if pods.iter().any(|spot| map.fresh.contains(spot)) { " *" } else { "" },
            theme.warn,
        ),
    ];
    put_spans(buf, area.x, area.y, &spans, columns);
}

fn draw_service(
    map: &Map<'_>,
    service: &ServiceView,
    spot: &Spot,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let columns = usize::from(area.width);
    let system = service.is_system();
    let (ready, all) = service.backends();
    let (text, style) = match (&*service.kind, ready, all) {
        ("ExternalName", _, _) => ("another name".to_owned(), theme.dim),
        (_, 0, 0) => ("no endpoints".to_owned(), theme.bad),
        (_, 0, all) => (format!("0 of {all} ready"), theme.bad),
        (_, ready, all) if ready == all => (dots(ready, all), theme.good),
        (_, ready, all) => (dots(ready, all), theme.warn),
    };
    let kind = match &*service.kind {
        "ClusterIP" => String::new(),
        other => format!(" {other}"),
    };
    let dns = service.namespace == "kube-system" && service.name == "kube-dns";
    // Where there is a second row, it has the node ports.
    let (address, nodes) = (service_address(service, dns), node_ports(service, " · nodes"));
    let nodes = if area.height > 1 { "" } else { &nodes };
    let name = match &*service.namespace {
        "default" => service.name.clone(),
        "kube-system" if dns => "DNS".to_owned(),
        namespace => format!("{namespace}/{}", service.name),
    };
    let usual = if system { theme.dim } else { theme.text.add_modifier(Modifier::BOLD) };
    let tail = format!("  {text}");
    let room = columns.saturating_sub(width(&tail) + width(&name) + 3);
    // The second address only where it is whole.
    let other = service.other_address.iter().map(|other| format!(" · {other}"));
    let other: String =
        other.filter(|other| width(&kind) + width(&address) + width(other) <= room).collect();
    let address_text = fit(&format!("{kind}{address}{other}{nodes}"), room);
    let spans = [
        Span::styled("◆ ", if system { theme.dim } else { theme.accent }),
        Span::styled(name, name_style(map, spot, usual, theme)),
        Span::styled(address_text, theme.dim),
        Span::styled(tail, if system && ready > 0 { theme.dim } else { style }),
        Span::styled(changed(map, spot), theme.warn),
    ];
    put_spans(buf, area.x, area.y, &spans, columns);
    if area.height > 1 {
        let routes: Vec<String> =
            service.routes.iter().map(|route| format!(" · Ingress {route}")).collect();
        let nodes = node_ports(service, " · on every node");
        let selector = format!("selects {}{nodes}{}", service.selector, routes.concat());
        put(buf, area.x + 2, area.y + 1, &selector, columns.saturating_sub(2), theme.dim);
    }
}

/// ` 10.96.14.3:80→8080`
fn service_address(service: &ServiceView, dns: bool) -> String {
    let ports = if dns { String::new() } else { service.ports.join(",") };
    match (&*service.address, ports) {
        ("", ports) if ports.is_empty() => String::new(),
        ("", ports) => format!(" :{ports}"),
        (address, ports) if ports.is_empty() => format!(" {address}"),
        (address, ports) => format!(" {address}:{ports}"),
    }
}

/// The ports that lead to a Service on every node, after the words that say so.
fn node_ports(service: &ServiceView, words: &str) -> String {
    match service.node_ports.join(",") {
        ports if ports.is_empty() => ports,
        ports => format!("{words} :{ports}"),
    }
}

/// `●●◌ 2 of 3`: a dot for each endpoint, as long as they are few.
fn dots(ready: usize, all: usize) -> String {
    const DOTS: usize = 8;
    if all > DOTS {
        return format!("● {ready} of {all}");
    }
    format!("{}{} {ready} of {all}", "●".repeat(ready), "◌".repeat(all - ready))
}

fn draw_hidden(layout: &Layout, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (above, below) = layout.hidden;
    let mut text = String::new();
    if above > 0 {
        text.push_str(&format!(" ↑ {above} more"));
    }
    if below > 0 {
        text.push_str(&format!(" ↓ {below} more"));
    }
    if layout.hidden_services > 0 {
        let (many, s) =
            (layout.hidden_services, if layout.hidden_services == 1 { "" } else { "s" });
        text.push_str(&format!(" · {many} more Service{s}"));
    }
    if !text.is_empty() {
        let x = area.right().saturating_sub(width(&text) as u16 + 1).max(area.x);
        put(
            buf,
            x,
            layout.lower_lane.min(area.bottom().saturating_sub(1)),
            &text,
            usize::from(area.width),
            theme.dim,
        );
    }
}

/// The packet: where it has been, faintly, and the step that it takes now.
fn draw_packet(
    scene: &Scene,
    layout: &Layout,
    story: &Story,
    walk: &Walk,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let legs = legs(story);
    let path = |from: &Spot, to: &Spot| {
        Some(route::path(layout, layout.find(scene, from)?, layout.find(scene, to)?))
    };
    let progress = walk.under_way.as_secs_f32() / WALK.as_secs_f32();
    let arrived = progress >= 1.0;
    let ended = arrived && walk.step + 1 >= story.steps.len();
    // A way that worked is drawn as such, and no other is.
    let past = if ended && story.arrived { theme.good } else { theme.border };
    for (_, from, to) in legs.iter().filter(|(step, ..)| *step < walk.step) {
        if let Some(path) = path(from, to).filter(|path| path.len() > 1) {
            route::draw(&path, past, area, buf);
        }
    }
    let Some(step) = story.steps.get(walk.step) else { return };
    if legs.is_empty() && draw_inside(scene, layout, story, walk, theme, area, buf) {
        return;
    }
    let mut way = Vec::new();
    for (_, from, to) in legs.iter().filter(|(step, ..)| *step == walk.step) {
        way.extend(path(from, to).unwrap_or_default());
    }
    way.dedup();
    if way.is_empty() {
        let here = step.next.as_ref().unwrap_or(&step.spot);
        way.extend(layout.find(scene, here).map(route::door));
    }
    let failed = arrived && !matches!(step.verdict, HopVerdict::Pass | HopVerdict::Deliver);
    if way.len() > 1 {
        let style = match (failed, ended && story.arrived) {
            (true, _) => theme.bad,
            (false, true) => theme.good,
            (false, false) => theme.packet,
        };
        route::draw(&way, style, area, buf);
    }
    let (sign, style) = if arrived { token(step, theme) } else { ('●', theme.packet) };
    route::draw_token(&way, progress, sign, style, area, buf);
}

/// A request that stays in one pod runs in a lane of its own, from container to container. Says
/// whether there is room for it.
fn draw_inside(
    scene: &Scene,
    layout: &Layout,
    story: &Story,
    walk: &Walk,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) -> bool {
    let Some(((from, to), spot)) =
        story.inside.as_ref().zip(story.steps.first().map(|step| &step.spot))
    else {
        return false;
    };
    let (Some(pod), Some(placed)) = (scene.pod(spot), layout.find(scene, spot)) else {
        return false;
    };
    if placed.area.height < layout::box_height(pod) {
        return false;
    }
    let labelled = u16::from(placed.area.height > layout::box_height(pod));
    let row = |name: &str| {
        let at = pod.containers.iter().position(|container| container.name == name)?;
        Some(placed.area.y + 2 + labelled + at as u16)
    };
    let (Some(start), Some(end)) = (row(from), row(to)) else { return false };
    let x = placed.area.x + 1;
    let path: Vec<(u16, u16)> = match start <= end {
        true => (start..=end).map(|y| (x, y)).collect(),
        false => (end..=start).rev().map(|y| (x, y)).collect(),
    };
    let steps = story.steps.len().max(1) as f32;
    let under_way = walk.under_way.as_secs_f32() / WALK.as_secs_f32();
    let progress = (walk.step as f32 + under_way.min(1.0)) / steps;
    let ended = progress >= 1.0;
    let style = if ended && story.arrived { theme.good } else { theme.packet };
    route::draw(&path, style, area, buf);
    if !ended {
        route::draw_token(&path, progress, '●', theme.packet, area, buf);
    }
    true
}

fn token(step: &Step, theme: &Theme) -> (char, Style) {
    match step.verdict {
        HopVerdict::Pass => ('●', theme.packet),
        HopVerdict::Deliver => ('●', theme.good.add_modifier(Modifier::BOLD)),
        HopVerdict::Drop => ('…', theme.warn.add_modifier(Modifier::BOLD)),
        other => (other.sign(), theme.bad.add_modifier(Modifier::BOLD)),
    }
}

/// The moves of a story: (at which step, from, to).
fn legs(story: &Story) -> Vec<(usize, &Spot, &Spot)> {
    let mut legs = Vec::new();
    let mut here: Option<&Spot> = None;
    for (at, step) in story.steps.iter().enumerate() {
        for next in [Some(&step.spot), step.next.as_ref()].into_iter().flatten() {
            if let Some(from) = here.filter(|from| *from != next) {
                legs.push((at, from, next));
            }
            here = Some(next);
        }
    }
    legs
}
