//! Where everything on the map stands: the laptop on top, a column for each node, the Services
//! below. Between them run lanes, and left of each column a gutter, for the packet's way.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::game::scene::{Ghost, PodView, Scene, ServiceView, Spot, visible_pods};
use crate::tui::text::width;

/// A column that is narrower than this is no column: nodes stand below each other instead.
const NARROWEST_COLUMN: u16 = 19;
/// A box that is wider has nothing to say.
const WIDEST_BOX: u16 = 60;
/// Left of each column: where the packet's way runs, and one cell for the arrow.
pub const GUTTER: u16 = 2;

/// How much is shown of each pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A box with address, labels and containers.
    Labels,
    /// A box with address and containers.
    Box,
    /// A line for the name, and one for the address and what it runs.
    TwoLines,
    /// A line.
    Line,
    /// A line for all pods of one owner.
    Group,
}

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Laptop,
    Outside(String),
    Node(usize),
    Pod(Spot),
    /// All pods of one owner on one node.
    Group {
        name: String,
        pods: Vec<Spot>,
    },
    /// Pods that no node has, as a heading.
    Waiting,
    /// A pod that went a moment ago: its name.
    Ghost(String),
    Service(Spot),
}

/// Something, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub item: Item,
    pub area: Rect,
}

/// The whole map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub items: Vec<Placed>,
    pub detail: Detail,
    /// The row between the laptop and the nodes.
    pub upper_lane: u16,
    /// The row between the pods and the Services.
    pub lower_lane: u16,
    /// Rows of pods that did not fit, above and below.
    pub hidden: (usize, usize),
    /// Services that did not fit.
    pub hidden_services: usize,
}

impl Layout {
    /// Where `spot` stands. What is hidden stands where it belongs: the cluster's own pods at DNS,
    /// a pod that is folded away at its node.
    pub fn find(&self, scene: &Scene, spot: &Spot) -> Option<&Placed> {
        self.exact(scene, spot).or_else(|| match spot {
            Spot::Pod(namespace, _) if namespace.starts_with("kube-") => self.dns(),
            Spot::Pod(..) => {
                let node = Spot::Node(scene.node_of(spot)?.name.clone());
                self.exact(scene, &node)
            }
            _ => None,
        })
    }

    /// What stands at a cell.
    pub fn at(&self, scene: &Scene, x: u16, y: u16) -> Option<Spot> {
        let placed = self.items.iter().find(|placed| placed.area.contains((x, y).into()))?;
        match &placed.item {
            Item::Laptop => Some(Spot::Laptop),
            Item::Outside(name) => Some(Spot::Outside(name.clone())),
            Item::Node(at) => scene.nodes.get(*at).map(|node| Spot::Node(node.name.clone())),
            Item::Pod(spot) | Item::Service(spot) => Some(spot.clone()),
            Item::Group { pods, .. } => pods.first().cloned(),
            Item::Waiting | Item::Ghost(_) => None,
        }
    }

    fn exact(&self, scene: &Scene, spot: &Spot) -> Option<&Placed> {
        self.items.iter().find(|placed| match &placed.item {
            Item::Laptop => *spot == Spot::Laptop,
            Item::Outside(name) => *spot == Spot::Outside(name.clone()),
            Item::Node(at) => {
                scene.nodes.get(*at).is_some_and(|node| *spot == Spot::Node(node.name.clone()))
            }
            Item::Pod(own) | Item::Service(own) => own == spot,
            Item::Group { pods, .. } => pods.contains(spot),
            Item::Waiting | Item::Ghost(_) => false,
        })
    }

    fn dns(&self) -> Option<&Placed> {
        self.items.iter().find(|placed| is_dns(&placed.item))
    }
}

fn is_dns(item: &Item) -> bool {
    matches!(item, Item::Service(Spot::Service(namespace, name)) if namespace == "kube-system" && name == "kube-dns")
}

/// What is laid out beside the cluster itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// The hosts on the internet that the shown packet meets.
    pub outside: &'a [String],
    /// Pods that went a moment ago.
    pub ghosts: &'a [Ghost],
}

/// Lays a cluster out in `area`.
pub fn layout(scene: &Scene, system: bool, picked: &Spot, extra: Extra<'_>, area: Rect) -> Layout {
    let services = services(scene, system);
    let top = top_rows(extra.outside, area);
    let columns = columns(scene, area.width);
    let Division { detail, selectors, service_rows, pods: pods_area } =
        divide(scene, system, extra, &services, columns, area);
    let (mut items, hidden) = pods(scene, system, picked, extra, columns, detail, pods_area);
    // The Services follow closely: what is left over stays empty below them.
    let used = items.iter().map(|placed| placed.area.bottom()).max().unwrap_or(pods_area.y);
    let lower_lane = used.clamp(pods_area.y, pods_area.bottom());
    items.extend(top);
    let shown = scroll_to(&services, picked, usize::from(service_rows));
    let mut y = lower_lane + 1;
    for service in services.iter().skip(shown) {
        let height = rows_of(service, selectors);
        if y + height > lower_lane + 1 + service_rows {
            break;
        }
        let area = Rect { x: area.x + GUTTER, y, width: area.width.saturating_sub(GUTTER), height };
        items.push(Placed { item: Item::Service(service.spot()), area });
        y += height;
    }
    for placed in &mut items {
        placed.area = placed.area.intersection(area);
    }
    items.retain(|placed| !placed.area.is_empty());
    let is_service = |placed: &&Placed| matches!(placed.item, Item::Service(_));
    let hidden_services = services.len() - items.iter().filter(is_service).count();
    Layout { items, detail, upper_lane: area.y + 1, lower_lane, hidden, hidden_services }
}

/// How the rows are shared out.
struct Division {
    detail: Detail,
    /// Whether Services show their selectors.
    selectors: bool,
    service_rows: u16,
    /// The area of the nodes and pods.
    pods: Rect,
}

/// The most detail that there is room for.
fn divide(
    scene: &Scene,
    system: bool,
    extra: Extra<'_>,
    services: &[&ServiceView],
    columns: Columns,
    area: Rect,
) -> Division {
    let with = |detail, selectors| {
        let wanted: u16 = services.iter().map(|service| rows_of(service, selectors)).sum();
        let service_rows = wanted.min((area.height / 3).max(1));
        let height = area.height.saturating_sub(2 + 1 + service_rows);
        let pods = Rect { y: area.y + 2, height, ..area };
        (Division { detail, selectors, service_rows, pods }, wanted)
    };
    let choices = [
        (Detail::Labels, true),
        (Detail::Box, true),
        (Detail::Box, false),
        (Detail::TwoLines, true),
        (Detail::TwoLines, false),
        (Detail::Line, true),
        (Detail::Line, false),
    ];
    for (detail, selectors) in choices {
        let (division, wanted) = with(detail, selectors);
        let stacks = stacks(scene, system, extra, columns, detail);
        let tallest = stacks.iter().map(|stack| stack.iter().map(|row| row.height).sum::<u16>());
        let fits = tallest.max().unwrap_or(0) <= division.pods.height;
        if fits && (!selectors || wanted == division.service_rows) {
            return division;
        }
    }
    with(Detail::Group, false).0
}

/// Rows of a Service: its selector stands in a second one.
fn rows_of(service: &ServiceView, selectors: bool) -> u16 {
    if selectors && !service.selector.is_empty() && !service.is_system() { 2 } else { 1 }
}

/// The laptop, and what is outside beside it.
fn top_rows(outside: &[String], area: Rect) -> Vec<Placed> {
    let row = Rect { height: 1.min(area.height), ..area };
    let half = area.width / 2;
    let laptop = Rect { x: area.x + GUTTER, width: half.saturating_sub(GUTTER), ..row };
    let mut items = vec![Placed { item: Item::Laptop, area: laptop }];
    if let Some(name) = outside.first() {
        let right = Rect { x: area.x + half + GUTTER, width: half.saturating_sub(GUTTER), ..row };
        items.push(Placed { item: Item::Outside(name.clone()), area: right });
    }
    items
}

/// The Services that are shown. DNS is one of them always: names are looked up there.
fn services(scene: &Scene, system: bool) -> Vec<&ServiceView> {
    let dns =
        |service: &ServiceView| service.namespace == "kube-system" && service.name == "kube-dns";
    scene.services.iter().filter(|service| system || !service.is_system() || dns(service)).collect()
}

fn scroll_to(services: &[&ServiceView], picked: &Spot, rows: usize) -> usize {
    let at = services.iter().position(|service| service.spot() == *picked).unwrap_or(0);
    (at + 1).saturating_sub(rows)
}

/// How the nodes stand.
#[derive(Clone, Copy)]
struct Columns {
    /// How many side by side; one below the other in one column.
    count: u16,
    /// Whether a column is too narrow for a node's name and address in one row.
    narrow: bool,
}

fn columns(scene: &Scene, room: u16) -> Columns {
    let nodes = scene.nodes.len().max(1) as u16;
    let most = (room / NARROWEST_COLUMN).max(1);
    let count = if nodes <= most { nodes } else { 1 };
    let heading = |at| wanted(scene, &Item::Node(at));
    let widest = (0..scene.nodes.len()).map(heading).max().unwrap_or(0);
    Columns { count, narrow: count > 1 && widest > room / count }
}

/// A row of a column before it has a place.
struct Stacked {
    item: Item,
    height: u16,
    spots: Vec<Spot>,
}

/// The nodes with their pods; and how many rows are hidden, above and below.
fn pods(
    scene: &Scene,
    system: bool,
    picked: &Spot,
    extra: Extra<'_>,
    columns: Columns,
    detail: Detail,
    area: Rect,
) -> (Vec<Placed>, (usize, usize)) {
    let stacks = stacks(scene, system, extra, columns, detail);
    if detail != Detail::Group {
        return (place(scene, stacks, 0, area), (0, 0));
    }
    let longest = stacks.iter().map(Vec::len).max().unwrap_or(0);
    let height = usize::from(area.height);
    let at = stacks
        .iter()
        .find_map(|stack| stack.iter().position(|row| row.spots.contains(picked)))
        .unwrap_or(0);
    let skip = (at + 1).saturating_sub(height).min(longest.saturating_sub(height));
    let below = longest.saturating_sub(skip + height);
    (place(scene, stacks, skip, area), (skip, below))
}

fn stacks(
    scene: &Scene,
    system: bool,
    extra: Extra<'_>,
    columns: Columns,
    detail: Detail,
) -> Vec<Vec<Stacked>> {
    let mut stacks: Vec<Vec<Stacked>> = (0..columns.count).map(|_| Vec::new()).collect();
    for (at, node) in scene.nodes.iter().enumerate() {
        let column = if columns.count == 1 { 0 } else { at };
        let Some(stack) = stacks.get_mut(column) else { continue };
        let spot = Spot::Node(node.name.clone());
        stack.push(Stacked {
            item: Item::Node(at),
            height: node_rows(detail, columns),
            spots: vec![spot],
        });
        let pods: Vec<&PodView> = visible_pods(&node.pods, system).collect();
        stack.extend(rows(&pods, detail));
        let gone = extra.ghosts.iter().filter(|ghost| ghost.node == node.name);
        stack.extend(gone.filter_map(|ghost| match &ghost.pod {
            Spot::Pod(_, name) => {
                let item = Item::Ghost(name.clone());
                Some(Stacked { item, height: 1, spots: Vec::new() })
            }
            _ => None,
        }));
    }
    let waiting: Vec<&PodView> = visible_pods(&scene.waiting, system).collect();
    if let (false, Some(stack)) = (waiting.is_empty(), stacks.first_mut()) {
        stack.push(Stacked { item: Item::Waiting, height: 1, spots: Vec::new() });
        stack.extend(rows(&waiting, detail));
    }
    stacks
}

fn rows(pods: &[&PodView], detail: Detail) -> Vec<Stacked> {
    let one = |pod: &&PodView, height| Stacked {
        item: Item::Pod(pod.spot()),
        height,
        spots: vec![pod.spot()],
    };
    match detail {
        Detail::Labels => pods
            .iter()
            .map(|pod| one(pod, box_height(pod) + u16::from(!pod.shown_labels().is_empty())))
            .collect(),
        Detail::Box => pods.iter().map(|pod| one(pod, box_height(pod))).collect(),
        Detail::TwoLines => pods.iter().map(|pod| one(pod, 2)).collect(),
        Detail::Line => pods.iter().map(|pod| one(pod, 1)).collect(),
        Detail::Group => {
            let mut groups: BTreeMap<String, Vec<Spot>> = BTreeMap::new();
            for pod in pods {
                let name = pod.owner.clone().unwrap_or_else(|| pod.name.clone());
                groups.entry(name).or_default().push(pod.spot());
            }
            let group = |(name, spots): (String, Vec<Spot>)| {
                let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
                let item = match &*spots {
                    [only] => Item::Pod(only.clone()),
                    _ => Item::Group { name, pods: spots.clone() },
                };
                Stacked { item, height: 1, spots }
            };
            groups.into_iter().map(group).collect()
        }
    }
}

/// Rows of a node's heading: its address has one of its own where that is needed, and where pods
/// have more than a row too.
fn node_rows(detail: Detail, columns: Columns) -> u16 {
    let roomy = !matches!(detail, Detail::Line | Detail::Group);
    if roomy && columns.narrow { 2 } else { 1 }
}

/// Rows of a box without labels.
pub fn box_height(pod: &PodView) -> u16 {
    3 + pod.containers.len().max(1) as u16
}

fn place(scene: &Scene, stacks: Vec<Vec<Stacked>>, skip: usize, area: Rect) -> Vec<Placed> {
    let wanted: Vec<u16> = stacks
        .iter()
        .map(|stack| stack.iter().map(|row| wanted(scene, &row.item)).max().unwrap_or(0))
        .collect();
    let widths = share(&wanted, area.width);
    let mut items = Vec::new();
    let mut left = area.x;
    for (stack, width) in stacks.into_iter().zip(widths) {
        let x = left + GUTTER;
        left += width;
        let mut y = area.y;
        for row in stack.into_iter().skip(skip) {
            if y + row.height > area.bottom() {
                break;
            }
            let width = width.saturating_sub(GUTTER + 1).min(WIDEST_BOX);
            items.push(Placed { item: row.item, area: Rect::new(x, y, width, row.height) });
            y += row.height;
        }
    }
    items
}

/// Columns that something needs to be shown whole, gutter and margin included.
fn wanted(scene: &Scene, item: &Item) -> u16 {
    let inside = match item {
        Item::Node(at) => {
            scene.nodes.get(*at).map_or(0, |node| width(&node.name) + width(&node.address) + 1)
        }
        Item::Pod(spot) => scene.pod(spot).map_or(0, |pod| {
            let name = width(&pod.name) + 8;
            let made = pod.made_by.as_deref().map_or(14, |made| width(made) + 3) + 6;
            let containers = pod.containers.iter();
            let containers = containers.map(|one| {
                let ports: usize = one.ports.iter().map(|port| width(port) + 1).sum();
                width(&one.name) + width(&one.image) + ports + 9
            });
            containers.max().unwrap_or(0).max(name).max(made).max(width(&pod.shown_labels()) + 4)
        }),
        Item::Group { name, .. } => width(name) + 16,
        Item::Ghost(name) => width(name) + 8,
        _ => 0,
    };
    u16::try_from(inside).unwrap_or(u16::MAX).saturating_add(GUTTER + 1)
}

/// Columns in which every column of the map has what it needs.
pub fn wanted_width(scene: &Scene) -> u16 {
    let nodes = scene.nodes.iter().enumerate().map(|(at, node)| {
        let pods = visible_pods(&node.pods, false).map(|pod| wanted(scene, &Item::Pod(pod.spot())));
        pods.fold(wanted(scene, &Item::Node(at)), u16::max).min(WIDEST_BOX)
    });
    nodes.fold(0, u16::saturating_add)
}

/// Shares columns out: who needs little gets that, and the others what is left, evenly.
fn share(wanted: &[u16], total: u16) -> Vec<u16> {
    let count = wanted.len().max(1) as u16;
    let floor = NARROWEST_COLUMN.min(total / count);
    let mut widths = vec![0; wanted.len()];
    let mut left = total;
    let mut open: Vec<usize> = (0..wanted.len()).collect();
    open.sort_by_key(|at| wanted[*at]);
    while let Some((at, rest)) = open.split_first() {
        let even = left / (open.len() as u16);
        widths[*at] = wanted[*at].max(floor).min(even);
        left -= widths[*at];
        open = rest.to_vec();
    }
    // What nobody needs is shared evenly.
    let spare = left / count;
    widths.iter().map(|width| width + spare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::sample;

    #[test]
    fn few_pods_are_boxes_and_many_are_groups() {
        let detail = |pods, height| {
            let area = Rect::new(0, 0, 60, height);
            layout(&sample::scene(pods), false, &Spot::Laptop, Extra::default(), area).detail
        };
        assert_eq!(detail(3, 30), Detail::Labels);
        assert_eq!(detail(3, 14), Detail::Box);
        assert_eq!(detail(9, 18), Detail::TwoLines);
        assert_eq!(detail(9, 12), Detail::Line);
        assert_eq!(detail(400, 18), Detail::Group);
    }

    #[test]
    fn a_pod_that_is_folded_away_is_found_in_its_group() {
        let scene = sample::scene(400);
        let map = layout(&scene, false, &Spot::Laptop, Extra::default(), Rect::new(0, 0, 60, 18));
        let last = scene.pods().last().map(PodView::spot).expect("a pod");
        assert!(map.find(&scene, &last).is_some());
    }

    #[test]
    fn a_node_without_much_on_it_leaves_its_room_to_the_others() {
        assert_eq!(share(&[10, 50, 10], 90), [19, 50, 19]);
        assert_eq!(share(&[80, 80], 100), [50, 50]);
        assert_eq!(share(&[], 100), Vec::<u16>::new());
    }

    #[test]
    fn nothing_stands_outside_the_map() {
        for (width, height) in [(1, 1), (20, 5), (60, 18), (200, 60)] {
            let area = Rect::new(3, 2, width, height);
            for placed in
                layout(&sample::scene(9), true, &Spot::Laptop, Extra::default(), area).items
            {
                assert_eq!(placed.area.intersection(area), placed.area, "{placed:?} in {area:?}");
            }
        }
    }
}
