//! The graphs of relations that this process holds, bounded over all tenants: read from the store when they are first
//! asked for, kept fresh by the engine's commits, read again when the log was moved on by somebody else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use guanxi_domain::Millis;
use guanxi_domain::tenant::TenantId;
use guanxi_graph::{Builder, Edge, Graph, Influence};
use guanxi_store::{EdgeRemoval, EdgeRow, Scope as Rows};
use moka::sync::Cache;

use crate::{App, AppError};

/// Kibibytes over all tenants.
const KIBIBYTES_MAX: u64 = 512 * 1024;
/// The most relations of a tenant that are walked along; they fit into half of the above.
const EDGES_MAX: usize = 10_000_000;
/// Relations that are read at once.
const EDGES_READ: u32 = 20_000;
/// A graph that lags behind the log for so long is read again. That takes at most one part in `REST` of the time.
const PATIENCE: Millis = 5_000;
const REST: Millis = 20;
/// The most changes that are kept while a graph is read.
const WAITING_MAX: usize = 100_000;
/// What is worth a new look at everybody's standing: one part in so many of the relations.
const CHANGED_PART: usize = 100;

/// What a commit changed of the relations of a tenant.
#[derive(Debug, Clone, Default)]
pub struct GraphChanges {
    /// Taken away first.
    pub removals: Vec<EdgeRemoval>,
    /// Added or changed.
    pub edges: Vec<EdgeRow>,
    /// Who stands for whom from now on: a number, and that of the outermost group around it, if there is one.
    pub roots: Vec<(u32, Option<u32>)>,
    /// Whether somebody may have become or ceased to be an opinion leader or employee.
    pub roles: bool,
}

/// The graphs of all tenants.
pub(crate) struct Graphs {
    held: Cache<TenantId, Arc<Held>>,
}

/// One tenant's graph.
pub(crate) struct Held {
    /// Taken by whoever reads it from the store.
    reading: tokio::sync::Mutex<()>,
    course: Mutex<Course>,
    state: RwLock<State>,
}

/// How far the graph has followed the log.
#[derive(Default)]
struct Course {
    /// Up to here; `None` before it was read.
    position: Option<i64>,
    /// Commits since it is being read.
    waiting: Option<Vec<(i64, i64, GraphChanges)>>,
    /// Since when it lags behind the log, as far as anybody noticed.
    behind_since: Option<Millis>,
    /// When it may be read again.
    rest_until: Millis,
    /// Changes since everybody's standing was computed.
    changed: usize,
    kibibytes: u32,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) graph: Graph,
    /// As computed last.
    pub(crate) influence: Influence,
}

impl Graphs {
    pub(crate) fn new() -> Self {
        let weigh = |_: &TenantId, held: &Arc<Held>| held.course().kibibytes.max(1);
        Self { held: Cache::builder().weigher(weigh).max_capacity(KIBIBYTES_MAX).build() }
    }
}

impl Held {
    fn new() -> Self {
        Self { reading: tokio::sync::Mutex::new(()), course: Mutex::default(), state: RwLock::default() }
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the graph off the async threads: a walk takes milliseconds, and others may be changing it.
    pub(crate) async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        what: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let held = Arc::clone(self);
        let look = move || what(&held.state.read().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(look).await.map_err(AppError::internal)
    }

    /// Changes it off the async threads.
    pub(crate) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        what: impl FnOnce(&mut State) -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let held = Arc::clone(self);
        let change = move || what(&mut held.state.write().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(change).await.map_err(AppError::internal)
    }

    /// Forgets how much has changed; how much it was.
    pub(crate) fn take_changed(&self) -> usize {
        std::mem::take(&mut self.course().changed)
    }

    /// Whether the graph stands where the log does, or is good enough for now.
    fn is_fresh(&self, log: i64, now: Millis) -> bool {
        let mut course = self.course();
        match course.position {
            None => false,
            Some(position) if position >= log => {
                course.behind_since = None;
                true
            }
            // The engine may be about to tell.
            Some(_) => {
                let since = *course.behind_since.get_or_insert(now);
                now < since + PATIENCE || now < course.rest_until
            }
        }
    }
}

impl App {
    /// Tells of a commit by which the tenant's log moved on. Nothing is read for it: of a graph that is not held there
    /// is nothing to keep fresh.
    pub async fn relations_moved(
        &self,
        tenant: TenantId,
        from: i64,
        to: i64,
        changes: GraphChanges,
    ) -> Result<(), AppError> {
        let (touches, size, changes_roles) = (changes.touches(), changes.size(), changes.roles);
        if let Some(held) = self.inner.graphs.held.get(&tenant) {
            held.follow(from, to, changes).await?;
            if held.is_worn().await? {
                held.change(|state| state.graph.fold()).await?;
                self.weigh(tenant, &held).await?;
            }
            let mut course = held.course();
            // A role may bring everybody nearer.
            course.changed = if changes_roles { usize::MAX } else { course.changed.saturating_add(size) };
        }
        if touches {
            self.signals().related.ring(tenant);
        }
        Ok(())
    }

    /// Forgets a tenant's graph, because people left it in a way that no [`GraphChanges`] tells.
    pub fn forget_relations(&self, tenant: TenantId) {
        self.inner.graphs.held.invalidate(&tenant);
        self.signals().related.ring(tenant);
    }

    /// The tenant's graph as of the log's position, or of a few seconds ago.
    pub(crate) async fn graph(&self, tenant: TenantId) -> Result<Arc<Held>, AppError> {
        let held = self.inner.graphs.held.get_with(tenant, || Arc::new(Held::new()));
        let log = self.store().read(Rows::Tenant(tenant)).await?.position(tenant).await?;
        if held.is_fresh(log, self.ambient().now()) {
            return Ok(held);
        }
        let reading = held.reading.lock().await;
        if !held.is_fresh(log, self.ambient().now()) {
            held.course().waiting = Some(Vec::new());
            let read = self.read_graph(tenant, &held).await;
            held.course().waiting = None;
            read?;
            self.weigh(tenant, &held).await?;
        }
        drop(reading);
        Ok(held)
    }

    /// Whether so much has changed that everybody's standing should be computed again at once.
    pub(crate) async fn much_changed(&self, tenant: TenantId) -> Result<bool, AppError> {
        let Some(held) = self.inner.graphs.held.get(&tenant) else { return Ok(true) };
        let changed = held.course().changed;
        Ok(changed.saturating_mul(CHANGED_PART) >= held.look(|state| state.graph.edges()).await?)
    }

    async fn read_graph(&self, tenant: TenantId, held: &Arc<Held>) -> Result<(), AppError> {
        let start = self.ambient().now();
        let mut work = self.store().read(Rows::Tenant(tenant)).await?;
        // What is committed while the rest is read waits, and may be applied twice: that changes nothing.
        let position = work.position(tenant).await?;
        let mut builder = Builder::default();
        let mut last: Option<EdgeRow> = None;
        let mut count = 0;
        loop {
            let mut edges = work.edges_after(tenant, last.as_ref(), EDGES_READ).await?;
            for edge in &edges {
                builder.add(Edge { from: edge.from, to: edge.to, kind: &edge.kind, strength: edge.strength });
            }
            count += edges.len();
            last = edges.pop();
            if count >= EDGES_MAX {
                tracing::warn!(tenant = tenant.0, "more relations than are walked along: the rest is left out");
                break;
            }
            if last.is_none() {
                break;
            }
        }
        let joined = work.joined_numbers(tenant).await?;
        drop(work);
        let build = move || {
            let mut graph = builder.build();
            for (part, root) in joined {
                graph.join(part, root);
            }
            graph
        };
        let graph = tokio::task::spawn_blocking(build).await.map_err(AppError::internal)?;
        held.replace(graph, position).await?;
        let now = self.ambient().now();
        held.course().rest_until = now + (now - start) * REST;
        Ok(())
    }

    /// Tells the cache how large the graph has become.
    async fn weigh(&self, tenant: TenantId, held: &Arc<Held>) -> Result<(), AppError> {
        let bytes = held.look(|state| state.graph.bytes()).await?;
        held.course().kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        self.inner.graphs.held.insert(tenant, Arc::clone(held));
        Ok(())
    }
}

impl Held {
    async fn is_worn(self: &Arc<Self>) -> Result<bool, AppError> {
        match self.state.try_read() {
            Ok(state) => Ok(state.graph.is_worn()),
            // Somebody else changes it and will ask again.
            Err(_) => Ok(false),
        }
    }

    /// Applies a commit if it follows what the graph has seen.
    async fn follow(self: &Arc<Self>, from: i64, to: i64, changes: GraphChanges) -> Result<(), AppError> {
        {
            let mut course = self.course();
            if let Some(waiting) = &mut course.waiting {
                if waiting.len() < WAITING_MAX {
                    waiting.push((from, to, changes));
                }
                return Ok(());
            }
            if course.position != Some(from) {
                return Ok(());
            }
            if changes.size() == 0 {
                course.position = Some(to);
                return Ok(());
            }
        }
        let held = Arc::clone(self);
        self.change(move |state| {
            changes.apply(&mut state.graph);
            let mut course = held.course();
            if course.position == Some(from) {
                course.position = Some(to);
            }
        })
        .await
    }

    /// Takes what was read at `position`, and what was committed since.
    async fn replace(self: &Arc<Self>, graph: Graph, position: i64) -> Result<(), AppError> {
        let held = Arc::clone(self);
        self.change(move |state| {
            let mut course = held.course();
            state.graph = graph;
            let mut position = position;
            for (from, to, changes) in course.waiting.take().unwrap_or_default() {
                if from >= position {
                    changes.apply(&mut state.graph);
                    // A gap shows that another worker has moved the log, too: then the graph is behind.
                    position = if from == position { to } else { position };
                }
            }
            course.position = Some(position);
            course.behind_since = None;
        })
        .await
    }
}

impl GraphChanges {
    /// How much it changes.
    fn size(&self) -> usize {
        self.removals.len() + self.edges.len() + self.roots.len()
    }

    /// Whether anybody's standing may become another.
    fn touches(&self) -> bool {
        self.roles || self.size() > 0
    }

    fn apply(&self, graph: &mut Graph) {
        for EdgeRemoval { from, to, kind } in &self.removals {
            for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))) {
                graph.remove(from, to, kind);
            }
        }
        for edge in &self.edges {
            graph.set(Edge { from: edge.from, to: edge.to, kind: &edge.kind, strength: edge.strength });
        }
        for (part, root) in &self.roots {
            match root {
                Some(root) => graph.join(*part, *root),
                None => graph.part(*part),
            }
        }
    }
}
