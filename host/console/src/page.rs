//! What every page has around its room, and how a template becomes an answer.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use guanxi_app::AppError;

use crate::assets::{ASSETS, Assets};
use crate::language::Language;
use crate::trouble::Trouble;
use crate::words::Words;

/// Where in the console a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Before any tenant.
    Lobby,
    /// People, one person, decisions and messages.
    People,
    /// Plugins.
    Plugins,
    /// Channels and what goes out over them.
    Channels,
    /// The live stream.
    Live,
    /// Segments.
    Segments,
    /// What people are like.
    Insight,
    /// What the brand sets for itself.
    Settings,
    /// Files that come in.
    Imports,
    /// What is said more than once.
    Contents,
}

/// What somebody who is signed in can reach from everywhere.
pub struct Nav {
    /// Proof for forms.
    pub csrf: String,
    /// Whether there is a list of tenants to go back to.
    pub operator: bool,
    /// Slug and name.
    pub tenant: Option<(String, String)>,
    /// Which entry is the current one.
    pub room: Room,
}

/// The frame of a page.
pub struct Page {
    /// For the browser's title bar.
    pub title: String,
    /// The language of everything.
    pub language: Language,
    /// Its words.
    pub w: &'static Words,
    /// Path and query, to come back to.
    pub here: String,
    /// Missing where nobody is signed in.
    pub nav: Option<Nav>,
    /// Style and scripts.
    pub assets: &'static Assets,
}

impl Page {
    /// A page that needs no session.
    pub fn new(title: impl Into<String>, language: Language, here: &str) -> Self {
        Self { title: title.into(), language, w: language.words(), here: here.to_owned(), nav: None, assets: &ASSETS }
    }

    /// Whether the page is in this room, for the mark in the navigation.
    pub fn is_in(&self, room: &str) -> bool {
        let current = self.nav.as_ref().map(|nav| nav.room);
        match room {
            "people" => current == Some(Room::People),
            "plugins" => current == Some(Room::Plugins),
            "channels" => current == Some(Room::Channels),
            "insight" => current == Some(Room::Insight),
            "segments" => current == Some(Room::Segments),
            "settings" => current == Some(Room::Settings),
            "imports" => current == Some(Room::Imports),
            "contents" => current == Some(Room::Contents),
            _ => current == Some(Room::Live),
        }
    }
}

/// Renders a template as an HTML answer.
pub fn html(template: &impl Template) -> Result<Response, Trouble> {
    Ok(Html(template.render().map_err(AppError::internal)?).into_response())
}
