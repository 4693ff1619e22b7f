extension CheckReport {
  /// JUnit's XML as Jenkins, GitLab and GitHub's actions read it: a suite for each plan, a case for each check.
  ///
  /// Elements and attributes are those of the schema `junit-10.xsd` of Jenkins' xUnit plugin.
  public var junit: String {
    let failures = plans.reduce(0) { $0 + $1.failures.count }
    return XMLTag(
      "testsuites",
      [
        "name": "permafrost check", "tests": "\(plans.reduce(0) { $0 + $1.checks.count })",
        "failures": "\(failures)", "errors": "0",
      ], plans.map(suite)
    ).document
  }

  private func suite(_ plan: PlanCheck) -> XMLTag {
    XMLTag(
      "testsuite",
      [
        "name": plan.plan, "tests": "\(plan.checks.count)", "failures": "\(plan.failures.count)",
        "errors": "0", "skipped": "0", "file": Self.path(plan.plan),
      ],
      plan.checks.map { check in
        let found =
          check.passed
          ? XMLTag("system-out", text: check.detail)
          : XMLTag("failure", ["type": check.name.rawValue, "message": check.detail], text: check.name.promise)
        return XMLTag("testcase", ["name": check.title, "classname": plan.plan], [found])
      })
  }
}
