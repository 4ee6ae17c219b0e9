"""Boards, issues, changelogs and sprints of Jira Cloud, Server and Data Center."""
