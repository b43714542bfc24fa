Feature: What others make of the queen's page
  The page shows text from elsewhere as text, and whoever is not the page gets nothing by its cookie.

  @needs-chromium @fault.queen.read-as-html
  Scenario: Names and lines that would be elements are shown as they are
    Given a swarm that is warm
    And a browser that is signed in on the page
    When models with such names are asked for
      | name                                         |
      | <img src=x onerror=document.title='x'>.gguf  |
      | <svg onload=document.title='x'>.gguf         |
    Then the page shows these names in its tables and in what is narrated
    And it has no element of theirs, and its title is "rbee"

  @only-asks @needs-chromium
  Scenario: A page of another port of the same machine
    Given a swarm that is warm
    And a browser that is signed in on the page
    When a page of another port of this machine has the browser ask the queen in each of these ways
      | what                            |
      | reads the jobs                  |
      | reads the jobs, with the header |
      | asks for a completion           |
      | signs the page out              |
      | shows the page in a frame       |
    Then none of them gets or does anything
    And the page is still signed in

  @needs-chromium
  Scenario: The queen dies while her page is open, and comes back
    Given a swarm that was left warm by "rbee-keeper up"
    And a browser that is signed in on the page
    And the queen has just been killed
    And the page says that she is asleep
    When the browser follows a link of "rbee-keeper open --print" in another tab
    Then the first tab is awake again
