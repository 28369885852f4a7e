//! Lists a collection page by page, so that only one page is in memory at once, and of a page that is
//! only read through one object besides its text. Every list of the operator and of the commands goes
//! through here; the caller handles a failed page.

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::Error;
use kube::api::{Api, ListParams, ObjectList, PartialObjectMeta};
use kube::core::{Request, Resource};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Objects a page, as kubectl and client-go ask. The API server takes twice as long for a list in pages
/// of 100.
pub const PAGE_SIZE: u32 = 500;

/// A list of one collection.
pub struct Pager<K> {
    api: Api<K>,
    cursor: Cursor,
}

impl<K: Clone + Debug + DeserializeOwned + Resource> Pager<K> {
    /// Lists everything in the collection.
    pub fn all(api: Api<K>) -> Self {
        let cursor = Cursor::new(ListParams::default());
        Self { api, cursor }
    }

    /// Lists the objects that a label selector matches.
    pub fn matching(api: Api<K>, selector: &str) -> Self {
        let cursor = Cursor::new(ListParams::default().labels(selector));
        Self { api, cursor }
    }

    /// Passes the objects of the next page on, one by one; returns how many there were.
    /// `None` after the last page and after an error.
    pub async fn next_each(&mut self, take: impl FnMut(K)) -> Option<kube::Result<usize>> {
        let params = self.cursor.next()?.clone();
        let page = self.read_page(&params).await;
        let read = page.and_then(|page| {
            let page: Page<'_> = serde_json::from_str(&page).map_err(Error::SerdeError)?;
            let count = page.pass_on(take).map_err(Error::SerdeError)?;
            self.cursor.turn(&page.metadata);
            Ok(count)
        });
        self.cursor.is_done |= read.is_err();
        Some(read)
    }

    async fn read_page(&self, params: &ListParams) -> kube::Result<String> {
        let request = Request::new(self.api.resource_url());
        let request = request.list(params).map_err(Error::BuildRequest)?;
        self.api.clone().into_client().request_text(request).await
    }

    /// The metadata of the objects of the next page; `None` as in
    /// [`Self::next_each`].
    pub async fn next_metadata(&mut self) -> Option<kube::Result<Vec<PartialObjectMeta<K>>>> {
        let page = self.api.list_metadata(self.cursor.next()?).await;
        Some(self.turn(page))
    }

    fn turn<T: Clone>(&mut self, page: kube::Result<ObjectList<T>>) -> kube::Result<Vec<T>> {
        match page {
            Ok(page) => {
                self.cursor.turn(&page.metadata);
                Ok(page.items)
            }
            Err(error) => {
                self.cursor.is_done = true;
                Err(error)
            }
        }
    }
}

/// A page whose objects are not decoded yet: decoded they take many times the memory.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

impl Page<'_> {
    fn pass_on<K: DeserializeOwned>(&self, mut take: impl FnMut(K)) -> serde_json::Result<usize> {
        let items = self.items.as_deref().unwrap_or_default();
        for item in items {
            take(serde_json::from_str(item.get())?);
        }
        Ok(items.len())
    }
}

/// Where a paged list stands.
#[derive(Debug)]
struct Cursor {
    params: ListParams,
    is_done: bool,
}

impl Cursor {
    fn new(params: ListParams) -> Self {
        Self {
            params: params.limit(PAGE_SIZE),
            is_done: false,
        }
    }

    /// Parameters of the next page; `None` after the last one.
    fn next(&self) -> Option<&ListParams> {
        (!self.is_done).then_some(&self.params)
    }

    /// Takes the metadata of the page just read.
    fn turn(&mut self, page: &ListMeta) {
        let token = page.continue_.clone().filter(|token| !token.is_empty());
        self.is_done = token.is_none();
        self.params.continue_token = token;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_objects_of_a_page_are_passed_on_one_by_one() {
        let read = |text: &str| {
            let page: Page<'_> = serde_json::from_str(text)?;
            let mut names = Vec::new();
            let count = page.pass_on(|object: Value| names.push(object["name"].to_string()))?;
            serde_json::Result::Ok((count, names.join(" "), page.metadata.continue_))
        };
        let page = r#"{"metadata": {"continue": "t"}, "items": [{"name": 1}, {"name": 2}]}"#;
        assert_eq!(
            read(page).unwrap(),
            (2, "1 2".to_owned(), Some("t".to_owned()))
        );
        let empty = read(r#"{"kind": "List", "items": null}"#).unwrap();
        assert_eq!(empty, (0, String::new(), None));
        assert!(read("upstream is down").is_err());
    }

    #[test]
    fn a_list_ends_with_the_page_that_names_no_next_one() {
        let page = |token: Option<&str>| ListMeta {
            continue_: token.map(str::to_owned),
            ..ListMeta::default()
        };
        let mut cursor = Cursor::new(ListParams::default().labels("a"));
        assert_eq!(
            cursor.next().and_then(|params| params.limit),
            Some(PAGE_SIZE)
        );
        cursor.turn(&page(Some("t")));
        let params = cursor.next().unwrap();
        assert_eq!(params.continue_token.as_deref(), Some("t"));
        assert_eq!(params.label_selector.as_deref(), Some("a"));
        cursor.turn(&page(Some("")));
        assert!(cursor.next().is_none());
        cursor.turn(&page(None));
        assert!(cursor.next().is_none());
    }
}
