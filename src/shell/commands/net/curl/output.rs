//! Where what comes goes: standard output, or a file.

use super::arguments::Operation;
use crate::cluster::HttpResponse;
use crate::shell::Io;

/// A transfer's output.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    /// The file; standard output without one.
    file: Option<String>,
    /// Whether the server may name the file (`-J`).
    renamed: bool,
    open: bool,
    /// What was in the file before (`-C`).
    kept: Vec<u8>,
    written: Vec<u8>,
}

/// The file's name that a Content-Disposition header tells, without folders.
pub fn disposed_name(header: &str) -> Option<&str> {
    let name = header.split(';').map(str::trim).find_map(|part| part.strip_prefix("filename="))?;
    let name = name.trim_matches('"').rsplit(['/', '\\']).next().unwrap_or("");
    Some(name).filter(|name| !name.is_empty())
}

impl Sink {
    /// Standard output, or a file that may be continued.
    pub fn new(file: Option<String>, kept: Vec<u8>) -> Sink {
        Sink { file, kept, ..Sink::default() }
    }

    pub fn is_stdout(&self) -> bool {
        self.file.is_none()
    }

    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Takes the name in `Content-Disposition`, if there is one.
    pub fn rename(&mut self, response: &HttpResponse) -> bool {
        let header = response.header("content-disposition").filter(|_| self.file.is_some());
        if let Some(name) = header.and_then(disposed_name) {
            self.file = Some(name.to_owned());
            self.renamed = true;
        }
        self.renamed
    }

    /// Writes bytes, and creates the file for the first of them.
    ///
    /// # Errors
    /// A warning's text.
    pub fn write(
        &mut self,
        operation: &Operation,
        io: &mut Io<'_>,
        bytes: &[u8],
    ) -> Result<(), String> {
        if bytes.is_empty() {
            return Ok(());
        }
        let Some(file) = &self.file else {
            io.stdout.extend_from_slice(bytes);
            return Ok(());
        };
        if file == "/dev/full" {
            return Err("Failed to write: No space left on device".to_owned());
        }
        self.written.extend_from_slice(bytes);
        self.touch(operation, io)?;
        self.save(io)
    }

    /// Prints what belongs before the output, wherever it goes.
    pub fn print(&mut self, io: &mut Io<'_>, bytes: &[u8]) {
        match self.file {
            None => io.stdout.extend_from_slice(bytes),
            Some(_) => self.written.extend_from_slice(bytes),
        }
    }

    /// Creates the file, where there is one.
    ///
    /// # Errors
    /// A warning's text.
    pub fn touch(&mut self, operation: &Operation, io: &mut Io<'_>) -> Result<(), String> {
        let Some(file) = self.file.clone().filter(|_| !self.open) else { return Ok(()) };
        let mut file = match (&operation.output_dir, self.renamed) {
            (Some(folder), true) => format!("{folder}/{file}"),
            _ => file,
        };
        let failed = |file: &str, why: &str| format!("Failed to open the file {file}: {why}");
        let exists = io.is_file(&file) || io.is_directory(&file);
        match operation.clobber {
            Some(false) if exists => {
                let free = (1..100).map(|n| format!("{file}.{n}")).find(|name| !io.is_file(name));
                file = free.ok_or_else(|| failed(&file, "File exists"))?;
            }
            None if self.renamed && exists => return Err(failed(&file, "File exists")),
            _ => {}
        }
        if file != "/dev/null" {
            io.write_file(&file, &self.kept).map_err(|why| failed(&file, &why))?;
        }
        (self.file, self.open) = (Some(file), true);
        Ok(())
    }

    fn save(&self, io: &mut Io<'_>) -> Result<(), String> {
        let Some(file) = self.file.as_ref().filter(|file| *file != "/dev/null") else {
            return Ok(());
        };
        io.write_file(file, &[self.kept.as_slice(), &self.written].concat())
    }

    /// Before another try: what came is forgotten. How much it was, where a file has it.
    pub fn throw_away(&mut self, io: &mut Io<'_>) -> Option<usize> {
        self.file.as_ref()?;
        let bytes = std::mem::take(&mut self.written).len();
        let _ = self.save(io);
        Some(bytes).filter(|bytes| *bytes > 0)
    }

    /// Whether what came cannot be forgotten: a device cannot be cut (`ftruncate`).
    pub fn is_stuck(&self) -> bool {
        self.file.as_deref() == Some("/dev/null") && !self.written.is_empty()
    }

    /// Removes the file of a transfer that failed.
    pub fn remove(&mut self, io: &mut Io<'_>) -> Option<String> {
        let file = self.file.clone().filter(|_| self.open)?;
        io.remove_file(&file).ok()?;
        Some(file)
    }
}

/// Adds to a file; `-` is standard output.
///
/// # Errors
/// Why it cannot be written.
pub fn append(io: &mut Io<'_>, file: &str, bytes: &[u8]) -> Result<(), String> {
    match file {
        "-" => io.stdout.extend_from_slice(bytes),
        "/dev/null" => {}
        file => {
            let mut content = io.read_file(file).unwrap_or_default();
            content.extend_from_slice(bytes);
            io.write_file(file, &content)?;
        }
    }
    Ok(())
}
