//! Writing a file whole or not at all.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Puts a file at a path, in the place of one that is there: whoever opens the path finds the old file or the
/// whole new one.
///
/// It is written under another name in the same directory, sent to the disk, and then renamed. Where the system
/// can do so (Linux), it has no name at all before it is whole, so that whatever ends this process leaves
/// nothing behind; elsewhere a process that is killed may leave a file `.NAME.NUMBER.tmp`. Links are followed; the
/// permissions of a file that is replaced are kept. What is no regular file (a pipe, a device) is written to.
///
/// # Errors
///
/// When something cannot be written. What was at the path is then as it was.
pub fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let replaced = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if replaced.as_ref().is_some_and(|replaced| !replaced.is_file()) {
        let mut file = File::options().write(true).open(path)?;
        return write(&mut file);
    }
    // Where a link leads, so that the link stays one.
    let path = if replaced.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let directory = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut unfinished = Unfinished::create(directory, path.file_name().unwrap_or_default())?;
    let file = &mut unfinished.file;
    if let Some(replaced) = replaced {
        file.set_permissions(replaced.permissions())?;
    }
    write(file)?;
    file.sync_all()?;
    unfinished.rename_to(&path)?;
    sync_directory(directory)
}

/// A file that is not where it belongs yet. One that has a name loses it when this is dropped.
struct Unfinished {
    file: File,
    directory: PathBuf,
    name: OsString,
    /// Whether there is a file of this name.
    named: bool,
}

impl Unfinished {
    fn create(directory: &Path, name: &OsStr) -> io::Result<Self> {
        let directory = directory.to_owned();
        let name = name.to_owned();
        if let Some(file) = nameless::create(&directory) {
            return Ok(Self { file, directory, name, named: false });
        }
        let (path, file) =
            unused_name(&directory, &name, |path| File::options().write(true).create_new(true).open(path))?;
        Ok(Self { file, name: path.file_name().unwrap_or_default().to_owned(), directory, named: true })
    }

    fn rename_to(mut self, path: &Path) -> io::Result<()> {
        if !self.named {
            let (name, ()) =
                unused_name(&self.directory, &self.name, |name| nameless::link(&self.file, name))?;
            name.file_name().unwrap_or_default().clone_into(&mut self.name);
            self.named = true;
        }
        fs::rename(self.directory.join(&self.name), path)?;
        self.named = false;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.named {
            // There is nobody to tell: why this was not finished is told already.
            let _ = fs::remove_file(self.directory.join(&self.name));
        }
    }
}

/// Makes something under a name that nothing has, not even what a killed process left.
fn unused_name<T>(
    directory: &Path,
    name: &OsStr,
    make: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    let mut number = u64::from(std::process::id());
    loop {
        let mut unused = OsString::from(".");
        unused.push(name);
        unused.push(format!(".{number}.tmp"));
        let path = directory.join(unused);
        match make(&path) {
            Ok(made) => return Ok((path, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1 << 32,
            Err(error) => return Err(error),
        }
    }
}

/// Only then has the new name outlived a power cut. Where directories cannot be opened there is no way to ask.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Files without a name, which vanish unless they are given one.
#[cfg(target_os = "linux")]
mod nameless {
    use std::{
        fs::File,
        io,
        os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
        path::Path,
    };

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};

    /// `None` where the file system has none.
    pub(super) fn create(directory: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE.bits().cast_signed();
        let file = File::options().write(true).mode(0o666).custom_flags(flags).open(directory).ok()?;
        // It gets its name through here.
        own_path(&file).exists().then_some(file)
    }

    pub(super) fn link(file: &File, name: &Path) -> io::Result<()> {
        Ok(linkat(CWD, own_path(file), CWD, name, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn own_path(file: &File) -> std::path::PathBuf {
        format!("/proc/self/fd/{}", file.as_raw_fd()).into()
    }
}

#[cfg(not(target_os = "linux"))]
mod nameless {
    use std::{fs::File, io, path::Path};

    pub(super) fn create(_directory: &Path) -> Option<File> {
        None
    }

    pub(super) fn link(_file: &File, _name: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of this test's own.
    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rolecall-write-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_put_in_the_place_of_another() {
        let directory = directory("replace");
        let path = directory.join("a");
        for content in ["one", "two"] {
            write_file(&path, |out| out.write_all(content.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(names(&directory), ["a"]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_fails_leaves_the_old_file_and_no_other() {
        let directory = directory("fail");
        let path = directory.join("a");
        fs::write(&path, "old").unwrap();
        let fail = |out: &mut dyn Write| {
            out.write_all(b"new")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        assert_eq!(write_file(&path, fail).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(&directory), ["a"]);
        // Nor does one that has a name while it is written.
        let name = OsStr::new("b");
        let (named, file) =
            unused_name(&directory, name, |path| File::options().write(true).create_new(true).open(path))
                .unwrap();
        let name = named.file_name().unwrap().to_owned();
        assert_eq!(names(&directory).len(), 2);
        drop(Unfinished { file, directory: directory.clone(), name, named: true });
        assert_eq!(names(&directory), ["a"]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let directory = directory("link");
        let (path, link) = (directory.join("a"), directory.join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a", &link).unwrap();
        write_file(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(&directory), ["a", "link"]);
        fs::remove_dir_all(directory).unwrap();
    }
}
