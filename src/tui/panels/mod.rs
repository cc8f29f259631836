//! The level screen's panels, one a file. Each draws plain values into an area.

pub mod coach;
pub mod footer;
pub mod goals;
pub mod header;
pub mod packet;
pub mod popup;
pub mod tabs;
pub mod terminal;
